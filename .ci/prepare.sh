# shellcheck shell=bash
# Shared by ./dev and ./test: looks for what they need, says what is missing, installs it where it can.
# Sourced with the working directory at the root of the repository.

RUST_MINIMUM=95 # rust-version in Cargo.toml: 1.95

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# --- Debian packages -----------------------------------------------------------------------------------------

# The names of the packages that give what is asked for and is not there. Looks at what is there, not at the
# package list, so that another distribution, or a compiler of one's own, will do as well.
missing_packages() {
  local want
  for want in "$@"; do
    case "$want" in
      gcc) command -v cc ;;
      libc6-dev) [ -e /usr/include/stdio.h ] ;;
      pkg-config) command -v pkg-config ;;
      libssl-dev) command -v pkg-config && pkg-config --exists openssl ;;
      ca-certificates) [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -d /etc/pki/tls/certs ] ;;
      postgresql) postgres_bin ;;
      chromium) command -v chromium ;;
      chromium-driver) command -v chromedriver ;;
      fonts-noto-cjk) compgen -G '/usr/share/fonts/*/noto*/NotoSansCJK*' || compgen -G '/usr/share/fonts/*/*/NotoSansCJK*' ;;
      *) false ;;
    esac >/dev/null 2>&1 || printf '%s ' "$want"
  done
}

# The folder with initdb and pg_ctl: Debian keeps them out of the path.
postgres_bin() {
  local found
  found=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || true
  [ -n "$found" ] || found=$(command -v initdb || true)
  [ -n "$found" ] || return 1
  dirname "$found"
}

ensure_packages() {
  local missing log
  missing=$(missing_packages "$@")
  missing=${missing% }
  [ -n "$missing" ] || return 0

  say "Missing on this machine: $missing"
  local command="apt-get update && apt-get install -y --no-install-recommends $missing"
  command -v apt-get >/dev/null 2>&1 || die "This is no Debian machine; please install the equivalents of these packages."
  [ "$(id -u)" = 0 ] || die "Please run, as root:
  $command"

  say "Installing by: $command"
  log=$(mktemp)
  # Debian would start a database server of its own beside ours; a test run has no business doing that.
  case " $missing " in
    *' postgresql '*)
      if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
      fi
      ;;
  esac
  # shellcheck disable=SC2086 # a list of words
  if ! {
    export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
    apt-get -o DPkg::Lock::Timeout=300 update &&
      apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
        install -y --no-install-recommends $missing
  } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    die "The installation failed; its output is above."
  fi
  rm -f "$log"

  missing=$(missing_packages "$@")
  [ -z "$missing" ] || die "Installed, but still not found: $missing"
}

# --- Rust ----------------------------------------------------------------------------------------------------

# Finds cargo, and a toolchain that is new enough. rust-toolchain.toml names the exact one; where rustup has not
# got it and cannot fetch it (a machine without a network), its default will do if it is at least as new.
ensure_rust() {
  if ! command -v cargo >/dev/null 2>&1; then
    [ -x "$HOME/.cargo/bin/cargo" ] ||
      die "No Rust toolchain found. Denizen needs Rust 1.$RUST_MINIMUM or newer: https://www.rust-lang.org/tools/install"
    export PATH="$HOME/.cargo/bin:$PATH"
  fi
  if ! cargo --version >/dev/null 2>&1; then
    local fallback=''
    if command -v rustup >/dev/null 2>&1; then
      fallback=$(cd / && rustup toolchain list 2>/dev/null | awk '/default/ {print $1; exit}') || true
    fi
    [ -n "$fallback" ] || die "$(cargo --version 2>&1)"
    export RUSTUP_TOOLCHAIN="$fallback"
    say "The toolchain of rust-toolchain.toml is not here and could not be fetched; using $fallback."
  fi
  local minor
  minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  [ "${minor:-0}" -ge "$RUST_MINIMUM" ] || die "Denizen needs Rust 1.$RUST_MINIMUM or newer; this is $(rustc --version)."
}
