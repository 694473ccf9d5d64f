"""Which Debian packages make up each bundle that can be fetched, and what is thrown away after unpacking."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

SUITE = (
    "trixie"  # the first Debian release with PostgreSQL 17 and TimescaleDB; runs on older hosts with its own C library
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Packages unpacked together into one prefix.

    `closure`: let apt add everything the packages depend on; otherwise `packages` is complete.
    `programs`: globs, relative to the prefix, of what is made to run with the prefix's own C library.
    `libraries`: globs of the folders those programs find libraries in.
    """

    name: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    libraries: tuple[str, ...] = ("usr/lib/*-linux-gnu*",)
    closure: bool = False
    unwanted: tuple[str, ...] = ()

    def digest(self) -> str:
        """Changes whenever the content of the prefix would."""
        return hashlib.sha256(repr((self, SUITE)).encode()).hexdigest()[:12]


_DOCUMENTATION = tuple(f"usr/share/{name}" for name in ("doc", "man", "locale", "lintian", "info", "bug"))

# Named one by one: the dependency closure of PostgreSQL would bring Perl, LLVM (120 MB) and init scripts.
# llvmjit is removed because without LLVM its presence fails every query costly enough for JIT.
SERVICES = Bundle(
    name="services",
    packages=(
        *("postgresql-17", "postgresql-client-17", "postgresql-17-timescaledb", "mosquitto", "dbus-daemon"),
        *(
            "libapparmor1",
            "libaudit1",
            "libc6",
            "libcap-ng0",
            "libcap2",
            "libcjson1",
            "libcom-err2",
            "libdbus-1-3",
            "libdlt2",
        ),
        *(
            "libev4t64",
            "libexpat1",
            "libgcc-s1",
            "libgssapi-krb5-2",
            "libicu76",
            "libk5crypto3",
            "libkeyutils1",
            "libkrb5-3",
        ),
        *("libkrb5support0", "libldap2", "liblz4-1", "liblzma5", "libmosquitto1", "libpam0g", "libpcre2-8-0", "libpq5"),
        *("libsasl2-2", "libselinux1", "libssl3t64", "libstdc++6", "libsystemd0", "libuv1t64", "libwebsockets19t64"),
        *("libreadline8t64", "libtinfo6", "libwrap0", "libxml2", "libxxhash0", "libzstd1", "zlib1g"),
    ),
    programs=("usr/lib/postgresql/17/bin/*", "usr/sbin/mosquitto", "usr/bin/dbus-daemon"),
    unwanted=(*_DOCUMENTATION, "usr/lib/postgresql/17/lib/llvmjit*.so", "usr/lib/postgresql/17/lib/bitcode"),
)

# For the tests of the pages, where no Chromium is installed. A Chinese font, as pages are Chinese first.
BROWSER = Bundle(
    name="browser",
    packages=("chromium-headless-shell", "fonts-wqy-zenhei", "fonts-dejavu-core"),
    programs=("usr/lib/chromium/chromium-headless-shell",),
    libraries=("usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio"),
    closure=True,
    # Drivers of graphics cards, 200 MB: a headless browser draws without one.
    unwanted=(
        *_DOCUMENTATION,
        *(f"usr/lib/*-linux-gnu*/{name}*" for name in ("libLLVM", "libz3", "libgallium", "dri")),
    ),
)

# For the tests that cut a cable, where no iproute2 is installed.
NETWORK = Bundle(
    name="network",
    packages=(
        *("iproute2", "libbpf1", "libc6", "libcap2", "libelf1t64", "libmnl0", "libpcre2-8-0", "libselinux1"),
        *("libzstd1", "zlib1g"),
    ),
    programs=("usr/bin/ip",),
    unwanted=_DOCUMENTATION,
)

# For the kiosk's spoken prompts, where no espeak-ng is installed. Speaks Mandarin without any download of voices.
SPEECH = Bundle(
    name="speech",
    packages=("espeak-ng",),
    programs=("usr/bin/espeak-ng",),
    libraries=("usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio"),
    closure=True,
    unwanted=_DOCUMENTATION,
)
