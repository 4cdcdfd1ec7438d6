"""Email with its block containers and blocks."""

from petiole.plugins.canopydeploy.sandbox.crm.email import (
    EMAIL_TEXTS,
    Block,
    BlockContainer,
    Email,
    EmailDraft,
)
from petiole.plugins.canopydeploy.sandbox.crm.moment import text_of
from petiole.plugins.canopydeploy.sandbox.soap.values import (
    Record,
    number_in,
    records_in,
    text_in,
)


def read_email(record: Record) -> EmailDraft:
    """Read what a caller says about an e-mail; a nil field counts as not given (assumed)."""
    blocks = record.get("htmlBlocks")
    return EmailDraft(
        id=number_in(record, "id"),
        texts={name: value for name in EMAIL_TEXTS if isinstance(value := record.get(name), str)},
        template_id=number_in(record, "templateId"),
        campaign_id=number_in(record, "campaignId"),
        blocks=None if blocks is None else tuple(map(_read_container, records_in(blocks))),
    )


def write_email(row: Email) -> Record:
    """Write a stored e-mail."""
    return {
        **row.texts,
        "id": row.id,
        "templateId": row.template_id,
        "campaignId": row.campaign_id,
        "createdBy": row.created_by,
        "createdAt": text_of(row.created_at),
        "modifiedBy": row.modified_by,
        "modifiedAt": text_of(row.modified_at),
        "htmlBlocks": [_write_container(container) for container in row.blocks],
    }


def email_template() -> Record:
    """Write an e-mail that is stored nowhere yet: it has a type, but no name and no id."""
    return {"type": "MULTIPART"}


def _read_container(record: Record) -> BlockContainer:
    return BlockContainer(
        id=number_in(record, "id"),
        name=text_in(record, "name"),
        type=text_in(record, "type"),
        default_block_id=number_in(record, "defaultBlockId"),
        blocks=tuple(
            Block(
                id=number_in(block, "id"),
                name=text_in(block, "name"),
                content=text_in(block, "content"),
            )
            for block in records_in(record.get("blocks"))
        ),
    )


def _write_container(container: BlockContainer) -> Record:
    return {
        "id": container.id,
        "name": container.name,
        "type": container.type,
        "defaultBlockId": container.default_block_id,
        "blocks": [
            {"id": block.id, "name": block.name, "content": block.content}
            for block in container.blocks
        ],
    }
