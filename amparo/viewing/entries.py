"""What people fill in and confirm: form fields, the reason field, dialogs."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from amparo.viewing.marks import icon

register = template.Library()


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """A form's field with its label, help and errors, tied together for screen readers."""
    if bound.is_hidden:
        return format_html("{}{}", bound.errors, bound)
    errors = format_html_join(
        "",
        '<p class="field-errors" id="{}_error_{}">{}<span>{}</span></p>',
        ((bound.auto_id, at, icon("danger"), error) for at, error in enumerate(bound.errors)),
    )
    help_text = (
        format_html('<p class="field-help" id="{}_helptext">{}</p>', bound.auto_id, bound.help_text)
        if bound.help_text
        else ""
    )
    optional = "" if bound.field.required else format_html(' <span class="field-optional">{}</span>', _("optional"))
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        return format_html(
            '<div class="field"><label for="{}">{}<span>{}</span></label>{}{}</div>',
            bound.id_for_label,
            _wired(bound),
            bound.label,
            help_text,
            errors,
        )
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return format_html(
            '<div class="field"><fieldset><legend>{}{}</legend>{}{}{}</fieldset></div>',
            bound.label,
            optional,
            help_text,
            bound,
            errors,
        )
    return format_html(
        '<div class="field"><label for="{}">{}{}</label>{}{}{}</div>',
        bound.id_for_label,
        bound.label,
        optional,
        help_text,
        _wired(bound),
        errors,
    )


def _wired(bound: BoundField) -> SafeString:
    """The control, described by its help and its errors, whether or not Django does so by itself."""
    described = [f"{bound.auto_id}_helptext"] if bound.help_text else []
    described += [f"{bound.auto_id}_error_{at}" for at in range(len(bound.errors))]
    attributes: dict[str, str | bool] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return bound.as_widget(attrs=attributes)


@register.simple_tag
def form_fields(form: BaseForm) -> SafeString:
    """All fields of a form, what is wrong with the whole of it first."""
    wrong = form.non_field_errors()
    rows = format_html_join("", "<p>{}</p>", ((error,) for error in wrong))
    whole = (
        format_html(
            '<div class="note danger" role="alert">{}<div class="note-body">{}</div></div>', icon("danger"), rows
        )
        if wrong
        else ""
    )
    return format_html("{}{}", whole, format_html_join("", "{}", ((field(bound),) for bound in form)))


@register.simple_tag
def reason_field(codes: Iterable[tuple[str, str]], label: str = "", id: str = "reason") -> SafeString:  # noqa: A002 - named as in HTML
    """Why: one of the given reasons, and own words. Posts `reason_code` and `reason_text`; the first is required."""
    options = format_html_join("", '<option value="{}">{}</option>', [("", _("Choose a reason")), *codes])
    return format_html(
        '<div class="field"><label for="{0}-code">{1}</label><select id="{0}-code" name="reason_code" required>{2}</select></div>'
        '<div class="field"><label for="{0}-text">{3}</label>'
        '<textarea id="{0}-text" name="reason_text" rows="2" maxlength="500"></textarea>'
        '<p class="field-help">{4}</p></div>',
        id,
        label or _("Reason"),
        options,
        _("In your own words"),
        _("Kept with the record. Name no one here."),
    )


@register.simple_tag
def opens(dialog: str, words: str, kind: str = "", icon: str = "") -> SafeString:
    """A button that opens the dialog of that id. kind: a button's further classes."""
    return format_html(
        '<button type="button" class="button {}" data-opens="{}" aria-haspopup="dialog">{}{}</button>',
        kind,
        dialog,
        _sign(icon),
        words,
    )


def _sign(name: str) -> SafeString:
    return icon(name) if name else SafeString("")


@register.simple_tag
def closes(words: str) -> SafeString:
    """A button that closes the dialog it stands in, changing nothing."""
    return format_html('<button type="button" class="button" data-closes>{}</button>', words)


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:  # noqa: A002 - named as in HTML
    """A dialog that asks before something happens; opened by `opens`, closed by `closes` or Escape."""
    return format_html(
        '<dialog class="dialog" id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1}</h2>{2}</dialog>',
        id,
        title,
        content,
    )
