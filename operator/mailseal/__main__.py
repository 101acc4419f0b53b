"""`python -m mailseal` is the same as the command `mailseal`."""

from mailseal.cli import main

main()
