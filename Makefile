# Builds, tests and checks the package; for Debian with Swift. `make` alone prints the targets.

SWIFT = swift
SOURCES = Package.swift Sources Tests Benchmarks
DOCUMENTED = Attention Tensors Checkpoints Factorizations
PACKAGES = pkg-config libopenblas-dev liblapacke-dev
LIBRARIES = openblas lapacke
BENCH_ARGS =

.NOTPARALLEL:
.PHONY: help deps build test test-release bench check check-arm consumer conformance format docs coretypes sanitize \
  peers peers-check clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# What pkg-config finds is there, however it was installed. Messages go to standard error, as a benchmark's results may be
# redirected.
deps: ## Install what is missing of the Debian packages that the build needs
	@exec >&2; \
	found() { \
	  case $$1 in \
	    pkg-config) command -v pkg-config ;; \
	    qemu-user) command -v qemu-aarch64 ;; \
	    gcc-aarch64-linux-gnu) command -v aarch64-linux-gnu-gcc ;; \
	    libc6-dev-arm64-cross) test -f /usr/aarch64-linux-gnu/include/stdio.h ;; \
	    lib*-dev) name=$${1#lib}; pkg-config --exists "$${name%-dev}" ;; \
	  esac >/dev/null 2>&1 || \
	  dpkg-query -W -f '$${Status}' "$$1" 2>/dev/null | grep -q ' ok installed$$'; \
	}; \
	missing=; \
	for package in $(PACKAGES); do found $$package || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ]; then \
	  echo "deps: nothing is missing of $(PACKAGES)"; \
	elif ! command -v apt-get >/dev/null; then \
	  echo "deps: no apt-get here; install by other means:$$missing"; \
	  $(if $(LIBRARIES),echo "deps: (OpenBLAS and LAPACKE with their headers, and pkg-config to find them)";) \
	else \
	  if [ "$$(id -u)" -eq 0 ]; then sudo=; \
	  elif command -v sudo >/dev/null; then sudo=sudo; \
	  else echo "deps: neither root nor sudo; as root, run: apt-get install$$missing"; exit 1; fi; \
	  echo "deps: installing$$missing by $${sudo:+sudo }apt-get"; \
	  $$sudo apt-get update && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing </dev/null || \
	  { echo "deps: could not install$$missing"; exit 1; }; \
	fi; \
	for name in $(LIBRARIES); do \
	  pkg-config --exists $$name 2>/dev/null || { echo "deps: pkg-config does not find $$name"; exit 1; }; \
	done

build: deps ## Build all products, optimised
	$(SWIFT) build -c release

test: deps ## Run the tests
	$(SWIFT) test

# The optimiser has made right code wrong before, and allocations are counted in optimised code alone.
test-release: deps ## Run the tests on optimised code
	$(SWIFT) build -c release --build-tests --scratch-path .build-release-tests -Xswiftc -enable-testing
	$(SWIFT) test -c release --skip-build --scratch-path .build-release-tests -Xswiftc -enable-testing

bench: deps ## Run the benchmark, optimised (BENCH_ARGS="--case bert512 --format json" passes arguments)
	@$(SWIFT) build -c release --product attention-benchmark >&2
	@"$$($(SWIFT) build -c release --show-bin-path)/attention-benchmark" $(BENCH_ARGS)

# --warn-error is clang's other spelling of -Werror, which SwiftPM 6.3 takes for the start of a pair and fails on.
CHECKED = --build-tests --scratch-path .build-check -Xswiftc -warnings-as-errors -Xcc -Wall -Xcc -Wextra -Xcc --warn-error

# SwiftPM's own warnings (a file that no target owns) can't be made errors and are printed only when it plans a build: with
# the plan removed it plans again, at little cost since everything is built.
check: deps ## Check format, warnings and documentation
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)
	$(SWIFT) build $(CHECKED)
	@rm -f .build-check/*.yaml
	@! $(SWIFT) build $(CHECKED) 2>&1 | grep -A 3 "^warning: '"
	@$(MAKE) --no-print-directory docs

# The C kernels alone against loops: no Swift, no BLAS. Natively first, where what fails is found sooner.
CLANG = clang
ARM = .build-arm
ARM_PACKAGES = qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
KERNEL_CHECKS = -std=gnu11 -O2 -Wall -Wextra -Werror -I Sources/CKernels/include Sources/CKernels/*.c Tests/Arm/*.c -lm
check-arm: ## Check the C kernels, natively and for Arm (NEON) under user emulation
	@command -v $(CLANG) >/dev/null || { echo "check-arm: needs clang, the Swift toolchain's or another (CLANG=…)"; exit 1; }
	@mkdir -p $(ARM)
	$(CLANG) $(KERNEL_CHECKS) -o $(ARM)/checks-native
	$(ARM)/checks-native
	@$(MAKE) --no-print-directory deps PACKAGES="$(ARM_PACKAGES)" LIBRARIES=
	$(CLANG) --target=aarch64-linux-gnu -static $(KERNEL_CHECKS) -o $(ARM)/checks-aarch64
	qemu-aarch64 $(ARM)/checks-aarch64

# A user's view: another package, in release, without the tests' access; its main program and output are README's first blocks.
CONSUMER = Tests/Consumer
BLOCK = awk -v kind=$(1) '$$0 == "```" kind { inside = 1; next } /^```/ { if (inside) exit } inside' README.md
consumer: deps ## Build and run a package that depends on this one, and compare with README.md
	$(SWIFT) build -c release --package-path $(CONSUMER)
	@$(call BLOCK,swift) | diff - $(CONSUMER)/Sources/Consumer/main.swift
	@mkdir -p .build && $(call BLOCK,text) >.build/readme.out
	@"$$($(SWIFT) build -c release --package-path $(CONSUMER) --show-bin-path)/Consumer" >.build/consumer.out
	@diff .build/readme.out .build/consumer.out
	@! readelf -d "$$($(SWIFT) build -c release --package-path $(CONSUMER) --show-bin-path)/Consumer" | grep -i lapack
	@echo "consumer: README's example prints what README shows"

# The onnx package makes its own cases, inputs and expected outputs; Python installs it into an environment of its own.
CONFORMANCE = .build-conformance
conformance: deps ## Run the onnx package's own cases of the attention operators
	@[ -x $(CONFORMANCE)/venv/bin/pip ] || python3 -m venv --clear $(CONFORMANCE)/venv || \
	  { echo "conformance: needs python3 with its venv module (Debian: python3-venv)"; exit 1; }
	$(CONFORMANCE)/venv/bin/pip install --quiet --disable-pip-version-check 'onnx>=1.23' numpy safetensors
	$(CONFORMANCE)/venv/bin/python Tests/Conformance/export.py $(CONFORMANCE)/cases
	$(SWIFT) build -c release --product ConformanceRunner
	@"$$($(SWIFT) build -c release --show-bin-path)/ConformanceRunner" $(CONFORMANCE)/cases

format: ## Format the sources in place
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

# Package.resolved is put back, as other builds would fetch the plugin if it stayed pinned there.
docs: deps ## Build the documentation of the libraries into .build-docs/site, warnings as errors
	@mkdir -p .build-docs && rm -rf .build-docs/site .build-docs/Package.resolved
	@if [ -f Package.resolved ]; then cp Package.resolved .build-docs/; fi
	ATTENTION_DOCS=1 $(SWIFT) package --scratch-path .build-docs/build --allow-writing-to-directory .build-docs/site \
	  generate-documentation --enable-experimental-combined-documentation --warnings-as-errors \
	  $(DOCUMENTED:%=--target %) --output-path .build-docs/site; \
	status=$$?; \
	rm -f Package.resolved; \
	if [ -f .build-docs/Package.resolved ]; then mv .build-docs/Package.resolved .; fi; \
	exit $$status

# An OpenBLAS that was built without a kernel silently takes another one: `attention` is asked which it got.
coretypes: deps ## Run the tests once for every OpenBLAS kernel that this CPU supports
	$(SWIFT) build --build-tests
	@flags=" $$(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1) "; \
	avx512=avx512f,avx512cd,avx512dq,avx512bw,avx512vl; \
	attention=$$($(SWIFT) build --show-bin-path)/attention; \
	tried=0; failed=0; \
	for entry in Prescott:pni Nehalem:ssse3,sse4_1,sse4_2 Sandybridge:avx Haswell:avx2,fma Zen:avx2,fma \
	  SkylakeX:$$avx512 Cooperlake:$$avx512,avx512_bf16; do \
	  core=$${entry%%:*}; lacking=; \
	  for flag in $$(echo "$${entry#*:}" | tr , ' '); do \
	    case $$flags in *" $$flag "*) ;; *) lacking="$$lacking $$flag" ;; esac; \
	  done; \
	  if [ -n "$$lacking" ]; then echo "$$core: skipped, the CPU lacks$$lacking"; continue; fi; \
	  taken=$$(OPENBLAS_CORETYPE=$$core OPENBLAS_VERBOSE=2 "$$attention" --help 2>&1 | sed -n 's/^Core: //p'); \
	  if [ "$${taken:-$$core}" != "$$core" ]; then echo "$$core: skipped, this OpenBLAS takes $$taken"; continue; fi; \
	  tried=$$((tried + 1)); \
	  log=.build/coretypes-$$core.log; \
	  if OPENBLAS_CORETYPE=$$core $(SWIFT) test --skip-build >"$$log" 2>&1 </dev/null; \
	  then echo "$$core: $$(tail -n 1 "$$log")"; \
	  else echo "$$core: FAILED, see $$log: $$(tail -n 1 "$$log")"; failed=$$((failed + 1)); fi; \
	done; \
	if [ $$tried -eq 0 ]; then echo "coretypes: no kernel is known for this CPU"; exit 1; fi; \
	[ $$failed -eq 0 ]

# OpenBLAS is not instrumented: what it does itself is not seen. Tests that ask for more memory than there is want nil, not an end;
# the one that is left out reads standard error, where the sanitizer then says so.
SHARED_TESTS = TensorsTests|AttentionTests.*(Fused|Reproducib|Concurren|Repeatab|Cache|PlanReuse|Packed|LinearTests|PathIdentity|LinearAttention)
SUPPRESSIONS = $(CURDIR)/Tests/Sanitizers/thread.txt
sanitize: deps ## Run what threads share with the thread sanitizer, all tests with the address sanitizer (OpenBLAS itself unseen)
	$(SWIFT) build --build-tests --sanitize=thread --scratch-path .build-tsan
	TSAN_OPTIONS="allocator_may_return_null=1 suppressions=$(SUPPRESSIONS)" \
	  $(SWIFT) test --skip-build --sanitize=thread --scratch-path .build-tsan --filter '$(SHARED_TESTS)'
	$(SWIFT) build --build-tests --sanitize=address --scratch-path .build-asan
	ASAN_OPTIONS="allocator_may_return_null=1 detect_leaks=0" \
	  $(SWIFT) test --skip-build --sanitize=address --scratch-path .build-asan --skip 'AttentionToolTests.BadInputTests/exits65'

# Other systems in a virtual environment of their own. PIP_ARGS names the index of PyTorch's CPU wheels where pip has none by
# itself.
PIP_ARGS =
PEERS = .build-peers
PEERS_PACKAGES = torch==2.13.0+cpu onnxruntime openvino onnx numpy
PEERS_ARGS =
peers: deps ## Compare speed with PyTorch, ONNX Runtime and OpenVINO (PEERS_ARGS="--quick", PIP_ARGS="--extra-index-url …")
	@$(SWIFT) build -c release --product attention-benchmark >&2
	@[ -x $(PEERS)/venv/bin/pip ] || python3 -m venv --clear $(PEERS)/venv || \
	  { echo "peers: needs python3 with its venv module (Debian: python3-venv)"; exit 1; }
	@$(PEERS)/venv/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) $(PEERS_PACKAGES)
	@PYTHONPATH=Benchmarks/Peers $(PEERS)/venv/bin/python -B -m unittest discover -q -s Benchmarks/Peers/Tests
	@$(PEERS)/venv/bin/python -B Benchmarks/Peers/compare.py --output $(PEERS)/results $(PEERS_ARGS) \
	  "$$($(SWIFT) build -c release --show-bin-path)/attention-benchmark"

PEERS_CHECK = .build-peers-check
PEERS_CHECK_PACKAGES = torch==2.13.0+cpu numpy safetensors
SEED =
CASES =
peers-check: deps ## Compare with PyTorch on freshly drawn cases (SEED=n repeats them, CASES=n, PIP_ARGS="--extra-index-url …")
	@$(SWIFT) build -c release --product attention >&2
	@[ -x $(PEERS_CHECK)/venv/bin/python ] || python3 -m venv $(PEERS_CHECK)/venv
	@$(PEERS_CHECK)/venv/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) $(PEERS_CHECK_PACKAGES)
	@$(PEERS_CHECK)/venv/bin/python -B Tests/Golden/check_mha.py "$$($(SWIFT) build -c release --show-bin-path)/attention" \
	  $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))

clean: ## Remove everything that was built
	rm -rf .build .build-check .build-docs .build-release-tests $(ARM) .build-tsan .build-asan $(CONFORMANCE) $(PEERS) $(PEERS_CHECK) $(CONSUMER)/.build
