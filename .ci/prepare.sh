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
      openssl) command -v openssl ;;
      postgresql) postgres_bin ;;
      chromium) command -v chromium ;;
      chromium-driver) command -v chromedriver ;;
      fonts-noto-cjk) compgen -G '/usr/share/fonts/*/noto*/NotoSansCJK*' || compgen -G '/usr/share/fonts/*/*/NotoSansCJK*' ;;
      nodejs) node_is_new_enough ;;
      npm) command -v npm ;;
      python3-venv) python3 -c 'import ensurepip, venv' ;;
      apache2-bin) apache_program ;;
      libapache2-mod-auth-openidc) [ -e "$(apache_modules)/mod_auth_openidc.so" ] ;;
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

# A Node that somebody put there will do, if it is not older than Debian's.
node_is_new_enough() {
  command -v node && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)'
}

# Apache's program and modules: Debian keeps both out of the path. apache2-bin has them without a server that starts.
apache_program() { command -v apache2 || { [ -x /usr/sbin/apache2 ] && echo /usr/sbin/apache2; }; }
apache_modules() { echo /usr/lib/apache2/modules; }

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

# --- the relying parties of the acceptance tests -------------------------------------------------------------

# The folder of what tests/clients asks for: one for each content of the lock file and each interpreter.
client_folder() {
  local target=${CARGO_TARGET_DIR:-target} key
  key=$(cat "$2" <($3 --version) | sha256sum | cut -c1-16)
  case "$target" in /*) ;; *) target="$PWD/$target" ;; esac
  printf '%s/test-clients/%s-%s' "$target" "$1" "$key"
}

# install_into FOLDER COMMAND...: runs the command unless it has succeeded there before.
install_into() {
  local folder=$1 log
  shift
  [ ! -e "$folder/installed" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  log=$(mktemp)
  if ! "$@" "$folder" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -rf "$log" "$folder"
    die "The relying parties of the acceptance tests could not be installed; the output is above."
  fi
  rm -f "$log"
  touch "$folder/installed"
}

install_javascript() {
  cp tests/clients/javascript/package.json tests/clients/javascript/package-lock.json "$1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier)
}

install_python() {
  python3 -m venv "$1/venv" &&
    "$1/venv/bin/python" -m pip install --disable-pip-version-check --no-input --only-binary :all: \
      --require-hashes -r tests/clients/python/requirements.txt
}

# Installs them and says where they are (tests/src/relying).
ensure_clients() {
  local javascript python
  javascript=$(client_folder javascript tests/clients/javascript/package-lock.json node)
  python=$(client_folder python tests/clients/python/requirements.txt python3)
  install_into "$javascript" install_javascript
  install_into "$python" install_python
  DENIZEN_TEST_NODE=$(command -v node)
  DENIZEN_TEST_NODE_MODULES="$javascript/node_modules"
  DENIZEN_TEST_PYTHON="$python/venv/bin/python"
  DENIZEN_TEST_APACHE=$(apache_program)
  DENIZEN_TEST_APACHE_MODULES=$(apache_modules)
  export DENIZEN_TEST_NODE DENIZEN_TEST_NODE_MODULES DENIZEN_TEST_PYTHON DENIZEN_TEST_APACHE DENIZEN_TEST_APACHE_MODULES
}
