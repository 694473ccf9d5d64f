"""The radio's stories against the real bluetoothd, in a virtual machine: `make test-bluez`."""
