"""What runs in the locked-down child: the only code that decodes hostile bytes. Imports `foundation` alone, never Django."""
