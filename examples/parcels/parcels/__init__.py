"""Parcels that are shipped in the background: what tasks need so that none is lost, and none done twice."""
