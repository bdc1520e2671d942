#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages and the completion that are built from the tables: two formatters find no fault with the pages, they
# have everything that --help has, and both shells complete.
set -u
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0
fail() {
	echo "FAILED: $*"
	failed=1
}
cd "$builddir" || exit 99
for tool in mandoc groff zsh; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done

lint() { # lint PAGE
	mandoc -T lint -W warning "$1" >"$dir/said" 2>&1 || fail "mandoc: $(cat "$dir/said")"
	groff -mdoc -ww -Tutf8 -rLL=200n "$1" 2>"$dir/said" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' >"$dir/$1.text"
	[ ! -s "$dir/said" ] || fail "groff: $(cat "$dir/said")"
	[ "$(wc -l <"$dir/$1.text")" -gt 60 ] || fail "$1 says little"
}

# has PAGE TEXT: whatever is between the words
has() { tr -s '[:space:]' ' ' <"$dir/$1.text" | grep -qF -- "$2" || fail "$1 lacks '$2'"; }

commands() { "$RINGSIDE" --help | sed -n 's/^  ringside \([a-z]\+\) .*/\1/p'; }
arguments() { "$RINGSIDE" "$1" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p'; }

# The keys of conf/ringside.ini, without those of services that were left out of this build.
keys() {
	"$RINGSIDE" check --help >"$dir/help"
	awk -v help="$dir/help" '
BEGIN { while ((getline line < help) > 0) has = has "\n" line }
/^\[/ { out = 0 }
/^type = / { out = !index(has, "[service " $3 "]") }
/^[a-z_0-9]+ =/ && !out { print $1 }' "$srcdir/conf/ringside.ini"
}

whole() {
	local command argument key
	[ "$(commands | wc -l)" -ge 5 ] || fail "--help names few commands"
	for command in $(commands); do
		has ringside.8 " $command "
		[ -n "$(arguments "$command")" ] || fail "$command --help names no argument"
		for argument in $(arguments "$command"); do
			has ringside.8 "$argument"
		done
	done
	for key in $(keys); do
		[ "$key" = type ] || grep -qE "^ +$key( |$)" "$dir/ringside.ini.5.text" || fail "ringside.ini.5 lacks $key"
	done
	has ringside.ini.5 '[interface NAME]'
	has ringside.ini.5 'frames = auto'
	has ringside.8 'statistics level basic' # a key of the dashboard
	has ringside.8 'EXIT STATUS'
}

# completes EXPECTED WORD...: in bash; the last word is the one to complete
completes() {
	local expected=$1 said
	shift
	# shellcheck disable=SC2016 # for the other shell
	said=$(bash --norc -c '
		compopt() { :; }
		. completion/ringside
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_ringside ringside "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		echo "${COMPREPLY[@]}"' bash ringside "$@" 2>&1)
	[ "$said" = "$expected" ] || fail "bash: $*: '$said' instead of '$expected'"
}

bash_completion() {
	local interfaces
	completes doctor doct
	completes --passive doctor --pas
	completes 'text json csv' run --format ''
	completes json run --format j
	completes detailed --level det
	completes json run --format = j # how bash splits --format=j
	completes ringside.log_level= run --set ringside.log_
	completes reflect.max_pps= run --set reflect.max
	completes reflect run -i eth0 reflec
	completes lo doctor lo
	completes lo run -i lo
	completes '' check --nonsense
	interfaces=$(bash -c '. completion/ringside; _ringside_interfaces')
	[ -n "$interfaces" ] || fail "no interfaces to complete"
}

zsh_completion() { # on a terminal, as a user has it
	zsh -n completion/_ringside || fail "zsh does not take it"
	python3 - "$builddir/completion" >"$dir/said" 2>&1 <<-'END' || fail "zsh: $(cat "$dir/said")"
		import os, pty, select, sys, time
		def expect(fd, words):
		    seen, end = "", time.time() + 20
		    while words not in seen:
		        assert time.time() < end, (words, seen)
		        if select.select([fd], [], [], 0.1)[0]:
		            seen += os.read(fd, 65536).decode(errors="replace")
		pid, fd = pty.fork()
		if not pid:
		    os.environ.update(TERM="dumb", ZDOTDIR="/nonexistent", HOME="/nonexistent")
		    os.execlp("zsh", "zsh", "-f", "-i")
		os.write(fd, f"fpath=({sys.argv[1]} $fpath); autoload -Uz compinit; compinit -D -u; unsetopt zle_bracketed_paste; print rea''dy\n".encode())
		expect(fd, "ready")
		for typed, completed in ("ringside doct\t", "ringside doctor "), ("ringside doctor --pas\t", "--passive "), (
		        "ringside run --level=det\t", "--level=detailed"), ("ringside lab refl\t", "reflect "):
		    os.write(fd, b"\x15" + typed.encode())
		    expect(fd, completed)
		os.write(fd, b"\x15exit\n")
	END
}

lint ringside.8
lint ringside.ini.5
whole
bash_completion
zsh_completion
[ $failed = 0 ] || echo "FAILED: see above"
exit $failed
