#!/usr/bin/env bash
# Installs the name servers, resolver, Kerberos, DKIM signers and verifiers that the tests start on loopback, and
# the browser in which they look at pages (Debian and its derivatives).
#
# Does nothing when all of them are there. The packages' own services are neither started nor enabled: the tests
# run their own processes, and a machine of a developer shall not start to answer on port 53 or 25.
set -euo pipefail

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d
made_policy=
as_root=()

main() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -eq 0 ]; then
        return 0
    fi
    become_root "${packages[@]}"
    printf 'Installing %s\n' "${packages[*]}" >&2
    trap allow_service_starts EXIT
    forbid_service_starts
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -qq --yes --no-install-recommends "${packages[@]}" >&2
    disable_services
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -ne 0 ]; then
        fail "These packages were installed and their commands are still not found: ${packages[*]}."
    fi
}

# Prints one package a line, for each whose command is not there.
missing_packages() {
    needs named bind9
    needs nsupdate bind9-dnsutils
    needs knotd knot
    needs kdig knot-dnsutils
    needs pdns_server pdns-server
    if ! compgen -G '/usr/lib/*/pdns/libgsqlite3backend.so' >/dev/null; then
        printf 'pdns-backend-sqlite3\n'
    fi
    needs unbound unbound
    needs cc gcc
    needs krb5kdc krb5-kdc
    needs kadmin.local krb5-admin-server
    if [ ! -e /usr/include/gssapi/gssapi.h ]; then
        printf 'libkrb5-dev\n'
    fi
    needs chromium chromium
    needs chromedriver chromium-driver
    needs opendkim opendkim
    needs rspamd rspamd
    needs exim4 exim4-daemon-light
    needs dkimpy-milter dkimpy-milter
    if ! perl -MMail::DKIM::Verifier -e 1 2>/dev/null; then
        printf 'libmail-dkim-perl\n'
    fi
}

needs() {
    command -v "$1" >/dev/null || printf '%s\n' "$2"
}

become_root() {
    command -v apt-get >/dev/null ||
        fail "The tests need $* (names of Debian packages), and there is no apt-get here: install their like by hand."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "The tests need $*, and this is neither root nor is there sudo: run apt-get install $* as root."
        as_root=(sudo)
    fi
}

# See invoke-rc.d(8): 101 means that the action is forbidden by policy.
forbid_service_starts() {
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        made_policy=yes
    fi
}

allow_service_starts() {
    if [ -n "$made_policy" ]; then
        "${as_root[@]}" rm -f "$policy"
    fi
}

# Only the services of packages that were installed just now: a server that was there before is not touched.
disable_services() {
    local package
    command -v systemctl >/dev/null || return 0
    for package in "${packages[@]}"; do
        case "$package" in
        bind9) "${as_root[@]}" systemctl disable --quiet named.service ;;
        knot) "${as_root[@]}" systemctl disable --quiet knot.service ;;
        pdns-server) "${as_root[@]}" systemctl disable --quiet pdns.service ;;
        opendkim | rspamd | dkimpy-milter | unbound) "${as_root[@]}" systemctl disable --quiet "$package.service" ;;
        krb5-kdc | krb5-admin-server) "${as_root[@]}" systemctl disable --quiet "$package.service" ;;
        exim4-daemon-light) "${as_root[@]}" systemctl disable --quiet exim4.service ;;
        esac
    done
}

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

main
