"""The runtime settings by section: what each is for, its default, unit and bounds."""
