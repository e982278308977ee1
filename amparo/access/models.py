from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from amparo.foundation.ids import new_id


class Officer(AbstractBaseUser):
    """A person who works here. Powers come from roles alone (access/rules.py); nobody is above them."""

    retention = "officer"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=120, blank=True)
    roles = models.JSONField(default=list)
    language = models.CharField(max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    since = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = BaseUserManager["Officer"]()

    def __str__(self) -> str:
        return self.name
