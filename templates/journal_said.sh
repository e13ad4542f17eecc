# said_in LOG NONCE: what the markers of a run tell of its steps and its end, for the journal.
said_in() {
  verbs='start\|ok\|fail\|error\|daemon\|locked\|proof\|rollback\|finished'
  LC_ALL=C sed -n "s/^@@$2 \(\($verbs\) .\{0,500\}\).*/said \1/p" "$1" 2>/dev/null
}
