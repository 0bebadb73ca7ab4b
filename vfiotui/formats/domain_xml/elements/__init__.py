"""Every element of domain XML that is read or edited here, each declared once (libvirt.org/formatdomain.html)."""
