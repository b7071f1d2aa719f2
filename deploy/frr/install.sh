#!/bin/sh
# Prepares a Debian router with FRR for Wavegate: an account, the login wrapper with the dead-man, sshd's settings.
# May be run again at any time, for another key or a newer version. docs/guides/frr.md explains every step.
set -eu

user=wavegate
password=no
keys=
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

die() {
    echo "install.sh: $*" >&2
    exit 1
}

usage() {
    echo "usage: install.sh [--user NAME] [--key PUBLIC_KEY_FILE]... [--allow-password]" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --user) [ $# -ge 2 ] || usage; user=$2; shift 2 ;;
    --key) [ $# -ge 2 ] || usage; keys="$keys$(cat -- "$2")
"; shift 2 ;;
    --allow-password) password=yes; shift ;;
    *) usage ;;
    esac
done

case $user in
*[!a-z0-9_-]* | -* | '') die "'$user' is no account name: use lower-case letters, digits, - and _" ;;
esac
[ "$(id -u)" -eq 0 ] || die "must be run as root"
[ -n "$keys$(cat /etc/wavegate/authorized_keys 2>/dev/null || true)" ] || [ "$password" = yes ] ||
    die "nobody could log in: give the worker's public key with --key, or --allow-password"
[ -x /usr/bin/vtysh ] || die "FRR is missing: apt-get install frr"
[ -x /usr/lib/frr/frr-reload.py ] || die "frr-reload.py is missing: apt-get install frr-pythontools"
[ -x /usr/sbin/sshd ] || die "sshd is missing: apt-get install openssh-server"
/usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or later is needed"
grep -qs '^Include /etc/ssh/sshd_config.d/' /etc/ssh/sshd_config ||
    die "/etc/ssh/sshd_config must include /etc/ssh/sshd_config.d/*.conf"
if grep -qs '^no service integrated-vtysh-config' /etc/frr/vtysh.conf; then
    die "/etc/frr/vtysh.conf switches the integrated configuration off, which frr-reload.py cannot work with"
fi

# frrvty may talk to the daemons; frr may read vtysh.conf and the startup configuration. Neither may write them.
id "$user" >/dev/null 2>&1 ||
    useradd --system --user-group --home-dir /etc/wavegate --no-create-home --shell /bin/sh "$user"
usermod --append --groups frr,frrvty "$user"

install -d -m 0755 /usr/local/lib/wavegate /usr/local/lib/wavegate/wavegate_frr /etc/wavegate
install -m 0644 "$here/__main__.py" /usr/local/lib/wavegate/
install -m 0644 "$here"/wavegate_frr/*.py /usr/local/lib/wavegate/wavegate_frr/
/usr/bin/python3 -m compileall -q /usr/local/lib/wavegate
[ -z "$keys" ] || printf '%s' "$keys" >/etc/wavegate/authorized_keys
touch /etc/wavegate/authorized_keys
chmod 0644 /etc/wavegate/authorized_keys

# For people at the router's console: sudo wavegate-deadman status
install -d -m 0755 /usr/local/sbin
cat >/usr/local/sbin/wavegate-deadman <<END
#!/bin/sh
exec runuser -u $user -- /usr/bin/python3 -I -S /usr/local/lib/wavegate "\$@"
END
chmod 0755 /usr/local/sbin/wavegate-deadman

install -d -m 0755 /etc/tmpfiles.d
sed "s/@USER@/$user/g" "$here/tmpfiles.conf" >/etc/tmpfiles.d/wavegate.conf
install -d -m 0700 -o "$user" -g "$user" /run/wavegate

sed "s/@USER@/$user/; s/@PASSWORD@/$password/" "$here/sshd.conf" >/etc/ssh/sshd_config.d/wavegate.conf
install -d -m 0755 /run/sshd
/usr/sbin/sshd -t || {
    rm /etc/ssh/sshd_config.d/wavegate.conf
    die "sshd refuses the settings for $user (see above): they were taken out again, nobody is locked out"
}

if [ -d /run/systemd/system ]; then
    # Whatever logind does with the sessions of an account that has left, the dead-man goes on.
    loginctl enable-linger "$user"
    systemctl reload ssh
fi
echo "Wavegate may log in as $user. Try: ssh $user@THIS_ROUTER wavegate-deadman status"
