# needs root
# doctor of a store that belongs to somebody: root becomes that one

$ chmod 711 "$D"; chmod 640 mcpd.yaml; mkdir -m 711 srv; mcpctl --db "$D/srv/state" init -q >/dev/null; chown -R nobody: srv; touch srv/other; chmod 755 bin; cp -L bin/mcpctl srv/mcpctl
> printf '%s\n' '#!/bin/sh' 'MCPD_DB=$D/srv/state mcpctl doctor >out 2>note; s=$?; grep "owner:\|^fail" out; exit $s' > bin/look; chmod +x bin/look

$ look
ok    owner: nobody

$ chown root: srv/state/snapshot srv/mcpd.key; look
ok    owner: nobody
fail  files: snapshot belongs to somebody else  (chown nobody: DIR/srv/state/snapshot)
fail  key file: DIR/srv/mcpd.key belongs to root, not to the owner of the store  (chown nobody: DIR/srv/mcpd.key)
fail  store: open DIR/srv/state/snapshot: Permission denied  (what failed above, first)
? 1

$ chown nobody: srv/state/snapshot srv/mcpd.key; echo 'user: www-data' >mcpd.yaml; look
fail  owner: DIR/srv/state belongs to nobody, and mcpd runs as www-data (user in its configuration)  (chown -R www-data: DIR/srv/state)
? 1

$ echo 'user: nobody' >mcpd.yaml; look
ok    owner: nobody

$ chown root: srv srv/state srv/state/* srv/mcpd.key; : >mcpd.yaml; look
warn  owner: DIR/srv/state belongs to root, and mcpd would run as root  (chown -R www-data: DIR/srv/state DIR/srv/mcpd.key)
fail  files: .lock belongs to somebody else  (chown root: DIR/srv/state/.lock)
? 1

$ MCPD_CONFIG= setpriv --reuid nobody --clear-groups srv/mcpctl --db "$D/srv/state" doctor 2>/dev/null | grep 'owner:\|^fail\|mode:'
fail  owner: DIR/srv/state belongs to root, and we are nobody  (sudo -u root mcpctl --db DIR/srv/state doctor)
warn  mode: skipped: it belongs to somebody else
