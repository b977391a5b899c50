"""Programs of the operator: python -m core.tools.backup, restore, import_dump."""
