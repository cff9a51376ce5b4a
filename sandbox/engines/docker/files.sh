# What the shell of a container does with files, for GNU's tools and for busybox's.
# A failure is told by the words of strerror(3), the last ones on stderr. Paths are absolute. To start a program
# is what takes time here: what the shell can do by itself it does.

edge_fail() {
  echo ": $1" >&2
  return 1
}

# FOLLOW (-L or nothing) PATH
edge_stat() {
  stat $1 -c '%f %s %y' -- "$2"
}

# PATH BYTES: prints as much of its content
edge_read() {
  if [ -f "$1" ]; then
    head -c "$2" -- "$1"
  elif [ -d "$1" ]; then
    edge_fail 'Is a directory'
  elif [ -e "$1" ]; then
    edge_fail 'Invalid argument'
  else
    stat -L -- "$1" >/dev/null
    return 1
  fi
}

# PATH DRAFT MODE PARENTS: where a write to PATH goes, behind links; a file that is there keeps its mode
edge_place() {
  if [ "$4" = yes ]; then mkdir -p -- "${1%/*}/" || return; fi
  edge_path=$1 edge_links=0
  while [ -L "$edge_path" ]; do
    edge_target=$(readlink -- "$edge_path") || return
    case $edge_target in
    /*) edge_path=$edge_target ;;
    *) edge_path=${edge_path%/*}/$edge_target ;;
    esac
    edge_links=$((edge_links + 1))
    [ "$edge_links" -le 40 ] || edge_fail 'Too many levels of symbolic links' || return
  done
  if [ ! -d "${edge_path%/*}/" ]; then
    stat -L -- "${edge_path%/*}/." >/dev/null
    return 1
  fi
  if [ -d "$edge_path" ]; then edge_fail 'Is a directory' || return; fi
  edge_draft=${edge_path%/*}/$2 edge_mode=$3
  if [ -e "$edge_path" ]; then
    [ -f "$edge_path" ] || edge_fail 'Invalid argument' || return
    edge_mode=$(stat -c %a -- "$edge_path") || return
  fi
}

# PATH DRAFT MODE PARENTS SIZE: prints `go` and takes SIZE bytes from descriptor 5, or all of its input.
# What is left of bytes that could not be written must not be read as commands: then the shell ends.
edge_write() {
  edge_place "$@" || return
  [ "$edge_mode" = 644 ] || umask 077
  {
    echo go
    if [ "$5" = all ]; then cat >&8; else head -c "$5" <&5 >&8 || exit 99; fi
  } 8>"$edge_draft" && { [ "$edge_mode" = 644 ] || chmod "$edge_mode" "$edge_draft"; } &&
    mv -f -- "$edge_draft" "$edge_path"
  edge_status=$?
  umask 022
  [ "$edge_status" = 0 ] || rm -f -- "$edge_draft"
  return "$edge_status"
}

# PATH/ TOKEN OPTIONS: each entry in the directory, after TOKEN
edge_list() {
  if [ ! -d "$1" ]; then
    stat -L -- "$1." >/dev/null
    return 1
  fi
  find "$1" -mindepth 1 $3 -exec stat -c "$2%f %s %y %n" {} +
}
