# run and test work on a fresh machine: they install what they need first.
.PHONY: run test test-debian13 test-unstable bench lint torture lab rescue-proof loader-proof boot-cases

# make run ARGS=--demo
ARGS ?=

run:
	@sh setup/setup.sh run
	@# 1 is the doctor's word for "something on this host fails": not a failure of this target.
	@.venv/bin/vfiotui $(ARGS) || [ $$? -eq 1 ]

lint:
	@sh setup/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: lint
	@# The tests start the console a thousand times; it is compiled once, also where the environment forbids to keep that.
	.venv/bin/python -m compileall -q vfiotui tests
	.venv/bin/python -m pytest -n 3 --reruns 1 -rR

# The whole suite on Debian 13, and the tests that need no daemon on Debian unstable, each in a system of its own.
test-debian13:
	@sh setup/debian_suite.sh trixie all $(ARGS)

test-unstable:
	@sh setup/debian_suite.sh sid reduced $(ARGS)

bench:
	@sh setup/setup.sh bench
	.venv/bin/python -m benchmarks $(ARGS)

torture:
	@sh setup/setup.sh test
	.venv/bin/python -m compileall -q vfiotui tests
	.venv/bin/python -m tests.apply.torture

# Real boots: VFIOTUI_LAB names the command that drives the machine.
lab:
	@sh setup/setup.sh test
	.venv/bin/python -m pytest tests/lab -v -rP $(ARGS)

# A real Debian is made, mounted, changed and undone from outside: some minutes, root, debootstrap and a loop device.
rescue-proof:
	@sh setup/setup.sh test
	sh tests/rescue/proof.sh

# What is answered on a folder of boot chains, BOOT_CASES=DIR, beside what is right; some are changed in a copy and
# undone, with the programs inside of them. ARGS names cases.
boot-cases:
	@sh setup/setup.sh test
	.venv/bin/python -m tests.boot_cases $(ARGS)

# The loaders' own tools of a real Debian 13 (grub-mkconfig, kernel-install, ukify, dracut) work on what was edited;
# whole boot chains are changed, taken back, and taken back after a kernel came; then the guard's hooks have to warn.
loader-proof:
	@sh setup/setup.sh proof
	.venv/bin/python -m tests.rescue.loaders $(ARGS)
	.venv/bin/python -m tests.rescue.systemd_boot
	.venv/bin/python -m tests.rescue.chains $(ARGS)
