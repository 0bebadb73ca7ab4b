"""`python -m vfiotui` is the same as the `vfiotui` command."""

from vfiotui.cli.main import main

raise SystemExit(main())
