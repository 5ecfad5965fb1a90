"""Where state is kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from o365_exporter.texts import UnusableError


class StateOptions(BaseModel):
    """What survives a restart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state_dir: Path | None = Field(
        None,
        description="Folder for what is to survive a restart: the last records, when each source is due, what was "
        "told. One process has it for itself; shards have folders of their own in it. Without it every start asks for "
        "everything anew.",
        examples=["/var/lib/o365-exporter"],
    )

    @field_validator("state_dir")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise UnusableError("is not an absolute path", "write where the folder is from the root on")
        return path
