# packages.sh - name and install what is missing, and build; sourced by ./run and ./check.
# shellcheck shell=sh

# what a build needs, as command=package or as the package of a library
# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES='gcc=gcc make=make autoreconf=autoconf automake=automake pkg-config=pkg-config
libc6-dev libfcgi-dev libdb-dev libjson-c-dev libyaml-dev libcurl4-openssl-dev libssl-dev'

# die TEXT... - say what is wrong and how to mend it, and end
die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# missing WANTED... - the packages of those that are not there
missing() {
	for wanted; do
		case $wanted in
		*=*)
			command -v "${wanted%%=*}" >/dev/null || [ -x "/usr/sbin/${wanted%%=*}" ] ||
				echo "${wanted#*=}" ;;
		*)
			dpkg-query -W -f '${db:Status-Status}\n' "$wanted" 2>/dev/null |
				grep -qx installed || echo "$wanted" ;;
		esac
	done
}

# need WANTED... - install what is missing of them, as root or by sudo
need() {
	command -v dpkg-query >/dev/null ||
		die "this installs Debian packages, and here is no dpkg: the README says what is needed"
	packages=$(missing "$@" | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	echo "Installing Debian packages: $packages"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "as root: apt-get install $packages"
		as_root=sudo
	fi
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of packages
	if ! $as_root sh -c "$install_packages" install $packages </dev/null >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "the packages could not be installed: apt-get install $packages"
	fi
	rm -f "$log"
}

# A web server that is installed for a test must not begin to serve port 80, now or at the next start.
# shellcheck disable=SC2016 # expanded by the shell that runs it
install_packages='
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap "rm -f $policy" EXIT INT TERM
	printf "#!/bin/sh\nexit 101\n" >$policy
	chmod 755 $policy
fi
apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
for package; do
	case $package in
	lighttpd|apache2|nginx)
		if [ -d /run/systemd/system ]; then systemctl disable -q "$package"; fi ;;
	esac
done
'

# configure_in DIR OPTION... - a build directory, made once; what it prints is kept in DIR/build.log
configure_in() {
	dir=$1
	shift
	[ ! -e config.status ] ||
		die "this folder is configured for a build in place: run 'make distclean' first"
	# configure refuses these in words that help nobody; make and sed take them for their own
	case $PWD in
	*[[:space:]\\\"\#\$\&\'\`\|\;:]*)
		die "this folder's path has a blank, or a sign that make does not take: clone to a plainer one" ;;
	esac
	mkdir -p "$dir"
	[ -x configure ] || autoreconf -fi >"$dir/build.log" 2>&1 || build_failed "$dir"
	top=$PWD
	if [ ! -e "$dir/Makefile" ]; then
		(cd "$dir" && "$top/configure" -q "$@") >>"$dir/build.log" 2>&1 || build_failed "$dir"
	fi
}

# make_in DIR TARGET...
make_in() {
	dir=$1
	shift
	make -C "$dir" -s -j"$(nproc)" "$@" >>"$dir/build.log" 2>&1 || build_failed "$dir"
}

build_failed() {
	tail -n 30 "$1/build.log" >&2
	die "the build failed; all it said is in $1/build.log"
}
