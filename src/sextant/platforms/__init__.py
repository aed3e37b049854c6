"""Adapters. (The list of them is added once all six are here.)"""
