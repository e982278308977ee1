"""How anything is shown: frame, components and drawings; media hidden first, every exposure counted."""
