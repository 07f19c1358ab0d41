# What the scripts of this folder share: the flags of the build, and the installing of what is missing.
# To be sourced by bash.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build

say() { printf '%s\n' "$*"; }

# stop says in one sentence why it cannot go on.
stop() {
	say "${0##*/}: $*" >&2
	exit 1
}

# have_go finds Go, also where its own archive puts it without changing PATH.
have_go() {
	command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
	command -v go >/dev/null || stop "Go 1.26 or newer is needed; it is to be had at https://go.dev/dl/."
}

on_linux() { [ "$(uname -s)" = Linux ]; }

# has_display says whether a window could be seen.
has_display() { ! on_linux || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

# version_flags stamps the commit where git can be asked, and keeps the build from failing where it cannot
# (an unpacked archive, a checkout that belongs to somebody else).
version_flags() {
	if git rev-parse -q --verify HEAD >/dev/null 2>&1 && git status --porcelain >/dev/null 2>&1; then
		say -buildvcs=true
	else
		say -buildvcs=false
	fi
}

# with_cgo runs a command with the one set of flags for everything that compiles C. Other flags, even an
# empty CGO_LDFLAGS, would compile the GL bindings a second time; clang takes 26 seconds for them, gcc three minutes.
with_cgo() {
	if on_linux; then
		CGO_ENABLED=1 CC=clang CGO_LDFLAGS=-fuse-ld=lld "$@"
	else
		CGO_ENABLED=1 "$@"
	fi
}

# without_cgo runs a command that must need neither compiler nor libraries.
without_cgo() { CGO_ENABLED=0 "$@"; }

build_headless() { without_cgo go build "$(version_flags)" -tags headless -o build/dunlin-headless .; }

build_window() { with_cgo go build "$(version_flags)" -o build/dunlin .; }

# --- installing what is missing ---------------------------------------------------------------------

missing=()

# want_command PACKAGE COMMAND... notes the package when one of its commands is not there.
want_command() {
	local package=$1 c
	shift
	for c; do
		command -v "$c" >/dev/null || [ -x "/usr/sbin/$c" ] || { missing+=("$package"); return; }
	done
}

# want_header PACKAGE FILE notes the package when its header file is not there.
want_header() {
	local dir
	for dir in /usr/include "/usr/include/$(uname -m)-linux-gnu"; do
		[ -e "$dir/$2" ] && return
	done
	missing+=("$1")
}

# want_package PACKAGE notes a package that can only be asked for by name.
want_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing+=("$1")
}

want_compiler() {
	on_linux || return 0
	want_command clang clang
	want_command lld ld.lld
	want_header libc6-dev stdio.h
}

want_window_libraries() {
	on_linux || return 0
	want_command pkg-config pkg-config
	want_header libgl-dev GL/gl.h
	want_header libegl-dev EGL/egl.h
	want_header libx11-dev X11/Xlib.h
	want_header libxcursor-dev X11/Xcursor/Xcursor.h
	want_header libxi-dev X11/extensions/XInput2.h
	want_header libxinerama-dev X11/extensions/Xinerama.h
	want_header libxrandr-dev X11/extensions/Xrandr.h
	want_header libxxf86vm-dev X11/extensions/xf86vmode.h
	want_header libwayland-dev wayland-client.h
	want_header libwayland-dev wayland-egl.h
	want_header libxkbcommon-dev xkbcommon/xkbcommon.h
}

# install_missing WHY installs what was noted, and says so. Nothing that is there is ever removed or replaced.
install_missing() {
	local why=$1 root=()
	[ ${#missing[@]} -gt 0 ] || return 0
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
	command -v apt-get >/dev/null ||
		stop "$why needs packages that only Debian's and Ubuntu's names are known of here: ${missing[*]}; please install them and try again."
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			stop "$why needs the packages ${missing[*]}, and this user is neither root nor has sudo; please let an administrator install them."
		root=(sudo)
		[ -t 0 ] || root+=(-n)
		"${root[@]}" true || stop "$why needs the packages ${missing[*]}, and sudo did not let this user install them."
	fi
	say "Installing ${missing[*]}, because $why needs them."
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends --no-remove "${missing[@]}" >build/install.log 2>&1 || {
		tail -n 20 build/install.log >&2
		stop "The packages could not be installed; build/install.log says why."
	}
	missing=()
}

as_root() { ${root[@]+"${root[@]}"} "$@"; }
