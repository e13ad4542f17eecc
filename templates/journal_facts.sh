{% include "journal_said.sh" %}

# host_journal: the last entry of the journal and those of the runs in `asked_runs`. Only what root alone can put there
# is opened.
host_journal() {
  place=/var/lib/provisioner
  # shellcheck disable=SC3067 # dash, bash and busybox know -O
  if [ -L "$place" ] || [ ! -O "$place" ] || [ -L "$place/journal" ] || [ ! -O "$place/journal" ]; then return 0; fi
  last=''
  if [ -f "$place/journal/last" ]; then read -r last <"$place/journal/last" || :; fi
  case $last in
    '' | */*) last='' ;;
    *) value journal-last "$last"; journal_entry "$last" ;;
  esac
  for run in ${asked_runs:-}; do
    for path in "$place/journal/$run".*; do
      entry=${path##*/}
      if [ "${entry%.*}" = "$run" ] && [ "$entry" != "$last" ]; then journal_entry "$entry"; fi
    done
  done
}

# journal_entry NAME: of one without an end also what its log tells so far.
journal_entry() {
  if [ -L "$place/journal/$1" ] || [ ! -f "$place/journal/$1" ]; then return 0; fi
  text=$(head -c 16384 "$place/journal/$1")
  begin journal-entry
  printf '%s\n%s\n' "$1" "$text"
  case $text in
    *'
outcome '*) ;;
    *)
      nonce=''
      if [ -f "$place/runs/$1/holder" ]; then { read -r _ && read -r nonce; } <"$place/runs/$1/holder" || :; fi
      if [ -n "$nonce" ]; then said_in "$place/runs/$1/log" "$nonce" | head -c 16384; fi ;;
  esac
  end journal-entry
}
