/* cmd_completion.c - mcpctl completion, and the hidden command that its scripts ask */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/complete.h"

/*
 * Every script hands the words over and shows what comes back. bash takes a line apart at ':' and '='
 * too, so there the line is split anew, and what stands before the last of these is taken off again.
 */
static const char bash[] =
    "# mcpctl for bash: source <(mcpctl completion bash)\n"
    "_mcpctl() {\n"
    "\tlocal line=${COMP_LINE:0:COMP_POINT} cur out\n"
    "\tlocal -a words\n"
    "\tread -ra words <<<\"$line\"\n"
    "\t[[ $line == *[[:space:]] ]] && words+=('')\n"
    "\tcur=${words[${#words[@]}-1]}\n"
    "\tout=$(\"${words[0]}\" __complete -- \"${words[@]:1}\" 2>/dev/null) || return\n"
    "\tCOMPREPLY=()\n"
    "\tif [[ $out == :files ]]; then\n"
    "\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\treturn\n"
    "\tfi\n"
    "\tlocal before=${cur%\"${cur##*[:=]}\"} word\n"
    "\twhile IFS=$'\\t' read -r word _; do\n"
    "\t\t[[ -n $word ]] && COMPREPLY+=(\"${word#\"$before\"}\")\n"
    "\tdone <<<\"$out\"\n"
    "\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null\n"
    "}\n"
    "complete -F _mcpctl mcpctl\n";

static const char fish[] =
    "# mcpctl for fish: mcpctl completion fish | source\n"
    "function __mcpctl_complete\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -l out ($words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)\n"
    "\tif test \"$out\" = :files\n"
    "\t\t__fish_complete_path (commandline -ct)\n"
    "\telse\n"
    "\t\tprintf '%s\\n' $out\n"
    "\tend\n"
    "end\n"
    "complete -c mcpctl -f -a '(__mcpctl_complete)'\n";

static const char zsh[] =
    "#compdef mcpctl\n"
    "# mcpctl for zsh: source <(mcpctl completion zsh)\n"
    "_mcpctl() {\n"
    "\tlocal -a lines described spaced\n"
    "\tlocal line word\n"
    "\tlines=(\"${(@f)$(\"${words[1]}\" __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "\tif [[ $lines[1] == :files ]]; then\n"
    "\t\t_files\n"
    "\t\treturn\n"
    "\tfi\n"
    "\tfor line in $lines; do\n"
    "\t\tword=${line%%$'\\t'*}\n"
    "\t\tif [[ $word == *[=:/] ]]; then\n"
    "\t\t\tspaced+=(\"${word//:/\\\\:}\")\n"
    "\t\telif [[ $line == *$'\\t'* ]]; then\n"
    "\t\t\tdescribed+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
    "\t\telse\n"
    "\t\t\tdescribed+=(\"${word//:/\\\\:}\")\n"
    "\t\tfi\n"
    "\tdone\n"
    "\t_describe mcpctl described\n"
    "\t(( $#spaced )) && _describe mcpctl spaced -S ''\n"
    "}\n"
    "if [[ $funcstack[1] == _mcpctl ]]; then\n"
    "\t_mcpctl \"$@\"\n"
    "else\n"
    "\tcompdef _mcpctl mcpctl\n"
    "fi\n";

static const struct { const char *name, *script; } shells[] = {
	{ "bash", bash }, { "fish", fish }, { "zsh", zsh },
};

/* do_completion - mcpctl completion bash|fish|zsh */
static enum rc
do_completion(struct program *p, const struct args *a, struct error *err)
{
	(void)p;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(a->words[0], shells[i].name) == 0) {
			fputs(shells[i].script, stdout);
			return RC_OK;
		}
	return error_set(err, RC_USAGE, "%s: not one of bash, fish, zsh", a->words[0]);
}

const struct command command_completion = {
	.name = "completion", .group = "Other", .words = "bash|fish|zsh",
	.least = 1, .most = 1,
	.help = "a script that lets the shell complete commands and names",
	.run = do_completion,
	.examples =
	    "source <(mcpctl completion bash)\n"
	    "mcpctl completion bash >/etc/bash_completion.d/mcpctl\n"
	    "mcpctl completion fish | source\n",
};

/* do_complete - for the scripts above */
static enum rc
do_complete(struct program *p, const struct args *a, struct error *err)
{
	char **words = x_calloc(a->nwords + 1, sizeof(*words));

	(void)err;
	if (a->nwords > 0)
		memcpy(words, a->words, a->nwords * sizeof(*words));
	complete(p, words, stdout);
	free(words);
	return RC_OK;
}

const struct command command_complete = {
	.name = "__complete", .words = "[WORD...]", .most = WORDS_ANY,
	.help = "what may stand next on a line", .run = do_complete,
};
