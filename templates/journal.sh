# The journal: an entry for every attempt at a run, on the disk before that changes anything, closed with what came of
# it. Its name is RUN.ATTEMPT, as that of the attempt's directory below runs/. It ends with a line "outcome WORD"; one
# without that goes on while its run holds the lock, and was cut off otherwise.

{% include "journal_said.sh" %}

# open_entry NAME LINE...: false when it cannot be on the disk.
open_entry() {
  entry=$journal/$1
  shift
  printf '%s\n' "$@" >"$entry" && on_disk "$entry" && echo "${entry##*/}" >"$journal/last" || return 1
  # So that its name is there as well. Old programs know no file to sync, and sync all of them.
  timeout 60 sync "$journal" 2>/dev/null || :
}

# on_disk FILE: by dd, since every host has one that can.
on_disk() { dd if=/dev/null of="$1" conv=notrunc,fsync 2>&1; }

# close_entry DIRECTORY NONCE: with what the log of this attempt tells. Steps of which no end is told were cut off.
close_entry() {
  entry=$journal/${1##*/}
  said=$(said_in "$1/log" "$2")
  case "
$said
" in
    *'
said finished 0
'*) outcome=changed ;;
    *'
said rollback done
'*) outcome=rolled_back ;;
    *'
said finished '*) outcome=failed ;;
    *) outcome=cut_off ;;
  esac
  # The scripts have done their work: their room is enough for this where there is no other.
  printf '%s\noutcome %s\n' "$said" "$outcome" >>"$entry" || {
    rm -f "$1/apply.sh"
    printf '\n%s\noutcome %s\n' "$said" "$outcome" >>"$entry"
  }
  on_disk "$entry" >/dev/null || :
}

# outcome_of ENTRY: sets `outcome`; empty when there is none yet.
outcome_of() { outcome=$(sed -n 's/^outcome \([a-z_][a-z_]*\)$/\1/p' "$1"); }
