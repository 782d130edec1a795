"""Whole data sets: made by one or several processes, written, recorded in a manifest, verified, reported on."""
