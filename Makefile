# make demo    install, build, and correct the embedded model
# make test    install, build, and run every test
# make bench   seconds per edit and tokens per second, against the PyTorch twin, in one run
# make parity  compare with the PyPI packages tokenizers and transformers
# make fixtures  regenerate what the tests compare with
# make format  lay the code out as .swift-format says

python = .libtorch/python/bin/python
swift = swift
errata = .build/release/errata

.PHONY: demo test bench parity fixtures format lint build engine

engine:
	@Scripts/bootstrap

build: engine
	@$(swift) build -c release --product errata

demo: build
	@$(errata) demo

test: engine
	@$(swift) test -c release --disable-xctest -Xswiftc -enable-testing

bench: build
	@$(errata) speed --twin "$(python) reference/speed_twin.py"

parity:
	@Scripts/bootstrap --parity
	@$(swift) build -c release --product errata-parity
	@$(python) reference/tokenizers_parity.py
	@$(python) reference/transformers_parity.py

fixtures:
	@Scripts/bootstrap --parity
	@$(python) reference/make_fixtures.py

format:
	@$(swift) format format --in-place --recursive Package.swift Sources Tests

lint:
	@$(swift) format lint --strict --recursive Package.swift Sources Tests
