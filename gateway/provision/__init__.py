"""Certificates, the register of units, and what is put on a unit's file system."""

from gateway.provision.authority import Authority
from gateway.provision.ends import warn_of_ends
from gateway.provision.register import Endpoint, provision, revoke

__all__ = ["Authority", "Endpoint", "provision", "revoke", "warn_of_ends"]
