"""What the virtual machine is made of, as Debian packages unpacked below the runtime folder."""

from __future__ import annotations

from maixun.runtime.packages import Bundle

# Debian's own kernel is needed: the host's may have no Bluetooth, and a container cannot load modules.
BLUETOOTH = Bundle(
    name="bluetooth",
    packages=("qemu-system-x86", "linux-image-amd64", "busybox-static", "bluez", "dbus-daemon"),
    programs=(
        *("usr/bin/qemu-system-x86_64", "usr/libexec/bluetooth/bluetoothd", "usr/bin/dbus-daemon"),
        "usr/bin/bluetoothctl",  # bleak asks it for the version
    ),
    libraries=("usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio"),
    closure=True,
    # Drivers of graphics cards: the machine has no screen.
    unwanted=(
        *(f"usr/share/{name}" for name in ("doc", "man", "locale", "lintian", "info", "bug", "icons")),
        *(f"usr/lib/*-linux-gnu*/{name}*" for name in ("libLLVM", "libz3", "libgallium", "dri")),
    ),
)
