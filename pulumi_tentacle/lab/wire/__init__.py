"""The lab on the wire: WinRM over HTTP and HTTPS, its logons, and the shells behind it."""
