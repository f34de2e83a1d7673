"""Infers the schema of rows from column names and the first rows, or takes it from a mapping by hand.

Owns the order in which schemas are tried, and the reason of each for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine import chats
from engine.data import cells, column_mapping, column_names, first_rows, summary_lists
from engine.data.cells import Keys
from engine.data.column_names import AUTO
from engine.data.first_rows import FirstRows
from engine.data.schema import Schema
from engine.errors import DataError
from engine.messages import joined, listed, say
from engine.text.conversations import Turn

MAX_GROUP_CHARACTERS = 100
NO_GROUP = "No column groups rows into conversations."
IN_LINES = 'each turn is a line "Name: text"'
NO_SOUNDS = "sounds such as [laughs] are left out"
NONE_LIKELY = {
    "conversation": ("No column looks like conversations.", "Choose the conversation column."),
    "summary": (
        "No column looks like summaries.",
        'Choose the summary column, or "Write summaries".',
    ),
}
Row = Mapping[str, Any]


def infer_schema(
    columns: Sequence[str],
    first_rows: Sequence[Row],
    conversation: str = AUTO,
    summary: str = AUTO,
    by_hand: Mapping[str, str] | None = None,
    *,
    needs_summary: bool = True,
    needs_split: bool = False,
    lists: str = AUTO,
) -> Schema:
    """Return the shape of rows, as named by hand where it is, else the likeliest.

    `first_rows` are values by column, some dozens of them; `by_hand` is a recipe's `data.columns`. Rows without
    summaries are in a shape, too, unless they are needed. A column of splits is looked for if `needs_split`. `lists`
    says what lists in the column of summaries are. Raises DataError with the field `data.conversation`, `data.summary`,
    `data.summary_lists` or `data.columns`, with a hint that names what is there.
    """
    guessed = _Guess(columns, first_rows, conversation, summary, by_hand or {}, needs_summary, lists)
    return guessed.with_split(guessed.schema()) if needs_split else guessed.schema()


class _Guess:
    """One inference: the columns and rows, and what a person named."""

    def __init__(
        self,
        columns: Sequence[str],
        first_rows: Sequence[Row],
        conversation: str,
        summary: str,
        by_hand: Mapping[str, str],
        needs_summary: bool,
        lists: str,
    ) -> None:
        column_mapping.check(by_hand)
        self.columns = tuple(columns)
        self.first = FirstRows(self.columns, first_rows)
        self.conversation = conversation
        self.summary = summary
        self.by_hand = by_hand
        self.needs_summary = needs_summary
        self.summary_lists = lists
        self.why_conversation = ""
        self.references = column_mapping.references(by_hand, columns)
        self.id = column_mapping.column(by_hand, "id", columns) or next(
            (name for name in columns if name.lower() in column_names.ID_NAMES), None
        )

    def schema(self) -> Schema:
        if self.conversation != AUTO:
            column_names.require(self.conversation, self.columns, "data.conversation")
        group = column_mapping.column(self.by_hand, "group", self.columns) or self._repeated_group()
        schema = self._rows(group) if group else self._one_a_row()
        self._refuse_numbers(schema)
        if schema.without_summary and schema.kind == "columns" and self.conversation == AUTO:
            self._refuse_single_turns(schema.conversation)
        return schema

    def _refuse_single_turns(self, column: str) -> None:
        """Raise DataError for rows that are turns of conversations which no column tells apart."""
        if self.first.are_single_turns(column):
            raise DataError(
                NO_GROUP,
                "Name it as data.columns.group, or choose the column of whole conversations.",
                column_mapping.FIELD,
            )

    def _refuse_numbers(self, schema: Schema) -> None:
        """Raise DataError for a column without texts where texts are due: numbers, true and false, names of classes."""
        named = {"conversation": self.conversation != AUTO, "summary": self.summary != AUTO}
        for column, role in ((schema.conversation, "conversation"), (schema.summary, "summary")):
            held = self.first.no_texts(column, is_named=named[role])
            if held:
                others = [name for name in self.columns if not self.first.no_texts(name)]
                others_text = say("Other columns: {}. ", listed(others)) if others else ""
                raise DataError(
                    say('Column "{}" contains {}, not a {}.', column, held, role),
                    say("{}Choose the {} column.", others_text, role),
                    f"data.{role}",
                )

    # ------------------------------------------------------------------------------- one conversation a row
    def _one_a_row(self) -> Schema:
        lists = self._list_columns()
        column = self._conversation(lists)
        if column in lists:
            schema = self._turns(column, lists[column])
        else:
            self._refuse_what_is_no_turns(column)
            marked = self.first.marked_otherwise(column)
            no_sounds = NO_SOUNDS if any(chats.read(cell).left_out for cell in marked) else ""
            why = _clauses(self._why_conversation(column), IN_LINES if marked else "", no_sounds)
            schema = self._with_instructions(
                Schema("columns", self.columns, column, "", why, self.id, in_lines=bool(marked))
            )
        return self._with_summary(schema)

    def _with_instructions(self, schema: Schema) -> Schema:
        """Return the shape with the column that holds the conversation where the one of inputs is empty."""
        if (
            self.conversation != AUTO
            or column_names.plain(schema.conversation) not in column_names.INPUT_NAMES
        ):
            return schema
        free = [
            name for name in self.columns if name != schema.conversation and not self.first.no_texts(name)
        ]
        other = column_names.exact(free, column_names.INSTRUCTION_NAMES)
        if other is None:
            return schema
        alone = [
            cells.text_of(row.get(other))
            for row in self.first.rows
            if not cells.text_of(row.get(schema.conversation)).strip()
        ]
        if not alone:
            return schema
        instruction = cells.shared_instruction(alone)
        why = say('if empty, "{}"', other)
        if instruction:
            quoted = " ".join(instruction.split())
            why = say('if empty, "{}" without its shared beginning: "{}"', other, quoted)
        return replace(schema, otherwise=other, instruction=instruction, reason=_clauses(schema.reason, why))

    def with_split(self, schema: Schema) -> Schema:
        """Return the shape with the column that says which split a row is in, if there is one."""
        named = column_mapping.column(self.by_hand, "split", self.columns)
        taken = {schema.conversation, schema.summary, schema.speaker, schema.group, *schema.references}
        free = [name for name in self.columns if name not in taken and self.first.holds_splits(name)]
        column = named or column_names.exact(free, column_names.SPLIT_NAMES)
        if column is None:
            return schema
        why = "as named" if named else "by its name and content"
        return replace(
            schema, split=column, reason=_clauses(schema.reason, say('splits: column "{}", {}', column, why))
        )

    def _list_columns(self) -> dict[str, Keys]:
        """Return the columns whose cells hold lists of turns, with the keys of those."""
        columns = {}
        for name in self.columns:
            if self.conversation not in {AUTO, name}:
                continue
            by_hand = (self.by_hand.get("speaker", ""), self.by_hand.get("text", ""))
            keys = cells.find_keys(self.first.cells(name), *by_hand)
            if keys is None and column_names.exact([name], column_names.CONVERSATION_LIST_NAMES):
                keys = cells.named_turn_keys(self.first.cells(name))
            if keys and (self.conversation != AUTO or self._may_be_turns(name, keys)):
                columns[name] = keys
        return columns

    def _may_be_turns(self, name: str, keys: Keys) -> bool:
        """Tell whether lists are turns: lists of texts are if they are called so, lists of summaries never."""
        if name == self.summary or name in self.references or name == self.by_hand.get("speaker"):
            return False
        if not keys.text and self.first.are_alike(name):
            return False
        if column_names.likeliest([name], (*column_names.SUMMARY_NAMES, *column_names.SUMMARY_LIST_NAMES)):
            return False
        if name in self.first.holding and not keys.speaker:
            # Each list holds one object: its text is a place, unless the lists are called after turns.
            return column_names.likeliest([name], column_names.CONVERSATION_LIST_NAMES) is not None
        return (
            bool(keys.text)
            or column_names.likeliest([name], column_names.CONVERSATION_LIST_NAMES) is not None
        )

    def _conversation(self, lists: Mapping[str, Keys]) -> str:
        if self.conversation != AUTO:
            return self.conversation
        texts = [name for name in self.columns if name not in lists and name != self.summary]
        sure = column_names.exact(texts, column_names.SURE_CONVERSATION_NAMES)
        if lists and not (sure and self.first.texts(sure)):
            return column_names.likeliest(tuple(lists), column_names.CONVERSATION_LIST_NAMES) or next(
                iter(lists)
            )
        likely, texts, everything = self.first.by_texts(self.columns)
        chosen = self.first.conversation(likely)
        if chosen is not None:
            return chosen
        by_content = first_rows.conversation_column(
            self._unnamed(), self.first.rows, self.first.summary(likely)
        )
        if by_content is not None:
            chosen, self.why_conversation = by_content
            return chosen
        # One without texts is refused by what stands in it.
        chosen = column_names.exact(texts, column_names.CONVERSATION_NAMES) or column_names.exact(
            everything, column_names.CONVERSATION_NAMES
        )
        if chosen is None:
            raise self._none_likely("conversation")
        return chosen

    def _unnamed(self) -> list[str]:
        """Return the columns whose names say nothing: neither an id's nor a summary's, nor a column named by hand."""
        named = {self.summary, self.id, *self.references, *self.by_hand.values(), *self.first.holding}
        return [
            name
            for name in self.columns
            if name not in named and not self.first.no_texts(name) and self.first.summary([name]) is None
        ]

    def _why_conversation(self, column: str) -> str:
        named = (self.why_conversation or "by its name") if self.conversation == AUTO else "as named"
        seen = self.first.described(column) if named == "by its name" else ""
        return _clauses(say('conversation: column "{}", {}', column, named), seen)

    def _turns(self, column: str, keys: Keys) -> Schema:
        why = self._why_conversation(column)
        if self.conversation == AUTO and not column_names.likeliest(
            [column], column_names.CONVERSATION_LIST_NAMES
        ):
            why = say('conversation: column "{}"', column)
        speakers = None if keys.text else self._speakers_beside(column)
        if speakers:
            return Schema(
                "lists",
                self.columns,
                column,
                "",
                _clauses(why, say('its lists are turns, with speakers in "{}"', speakers)),
                self.id,
                speakers,
            )
        known = cells.keys_of(item for cell in self.first.cells(column) for item in cells.as_list(cell) or ())
        if keys.speaker and keys.speaker not in known:
            raise DataError(
                say('Turns of column "{}" have no "{}".', column, keys.speaker),
                say("They have: {}.", ", ".join(known) or "texts"),
                column_mapping.FIELD,
            )
        reason = _clauses(why, _form_of_turns(keys))
        return Schema("turns", self.columns, column, "", reason, self.id, keys.speaker, keys.text)

    def _speakers_beside(self, column: str) -> str | None:
        """Return the column whose lists are as long as those of `column` and called after speakers."""
        wanted = self.by_hand.get("speaker")
        if wanted is not None:
            return column_names.require(wanted, self.columns, column_mapping.FIELD)
        speaker_names = (*column_names.SPEAKER_NAMES, "speakers", "roles", "names", "authors", "participants")
        alike = [name for name in self.columns if name != column and self.first.are_as_long(name, column)]
        return column_names.likeliest(alike, speaker_names)

    def _refuse_what_is_no_turns(self, column: str) -> None:
        """Refuse lists with no turns to be seen in them, and keys named for turns that are not there."""
        wants_turns = bool(self.by_hand.keys() & {"speaker", "text", "last_turn"})
        # A text that happens to be JSON is a text, unless turns are asked for.
        looked_into = [cell for cell in self.first.cells(column) if wants_turns or not isinstance(cell, str)]
        keys = cells.keys_of(item for cell in looked_into for item in cells.as_list(cell) or ())
        if keys:
            wanted = self.by_hand.get("text", "text")
            message = say('Turns of column "{}" have no "{}".', column, wanted)
            hint = say("They have: {}. Name the key of the text as data.columns.text.", ", ".join(keys))
            raise DataError(message, hint, column_mapping.FIELD)
        if self.by_hand.keys().isdisjoint({"text", "last_turn"}) and wants_turns and self._row_speaker():
            raise DataError(
                NO_GROUP,
                "Name it as data.columns.group, or remove data.columns.speaker.",
                column_mapping.FIELD,
            )
        if wants_turns:
            raise DataError(
                say('Column "{}" contains no lists of turns.', column),
                "Name the turns as data.conversation, or leave data.columns empty.",
                column_mapping.FIELD,
            )

    # ---------------------------------------------------------------------------------------------- summary
    def _with_summary(self, schema: Schema) -> Schema:
        """Return the shape with its summaries: a column, several, or the last turns."""
        free = [
            name
            for name in self.columns
            if name not in {schema.conversation, schema.group}
            and (schema.kind == "turns" or name != schema.speaker)
        ]
        if "last_turn" in self.by_hand:
            if self.summary != AUTO:
                message = "The summary is both a column and the last turn."
                raise DataError(
                    message, "Remove data.summary or data.columns.last_turn.", column_mapping.FIELD
                )
            return replace(schema, reason=_clauses(schema.reason, "summary: the last turn, as named"))
        if self.summary != AUTO:
            column = column_names.require(self.summary, self.columns, "data.summary")
            if column == schema.conversation:
                hint = column_names.there(self.columns)
                raise DataError("Conversation and summary can't be the same column.", hint, "data.summary")
            return self._with_references(schema, column, "as named", self.references)
        # A label that is a number is no summary that somebody wrote.
        considered = self.first.by_texts(free)[: None if self.needs_summary else 2]
        chosen = next(filter(None, map(self.first.summary, considered)), None)
        if chosen and self.first.answers_questions(chosen):
            raise self._none_likely("summary", taken=schema.conversation)
        if chosen:
            beside = self.references or column_names.numbered_beside(chosen, free)
            others = [
                name for name in considered[0] if name not in {chosen, *beside} and self.first.summary([name])
            ]
            rather = " and ".join(f'"{name}"' for name in others[: column_names.MAX_NAMED])
            why = say("by its name, rather than {}", rather) if others else "by its name"
            return self._with_references(schema, chosen, why, beside)
        answered = self._with_answers(schema) if schema.kind == "turns" else None
        if answered:
            return answered
        if not self.needs_summary:
            reason = _clauses(schema.reason, "no column looks like summaries")
            return replace(schema, without_summary=True, reason=reason)
        by_content = first_rows.summary_column(self._unnamed(), self.first.rows, schema.conversation)
        if by_content:
            return self._with_references(schema, *by_content, self.references)
        raise self._none_likely("summary", turns=schema.kind == "turns", taken=schema.conversation)

    def _with_references(self, schema: Schema, column: str, why: str, more: tuple[str, ...]) -> Schema:
        more = tuple(name for name in more if name != column)
        lists, why_lists = summary_lists.decided(self.first.cells(column), column, self.summary_lists)
        seen = self.first.described(column) if why.startswith("by its name") else ""
        reason = _clauses(schema.reason, say('summary: column "{}", {}', column, why), seen, why_lists)
        if more:
            quoted = ", ".join(f'"{name}"' for name in more)
            which = say("columns {}", quoted) if len(more) > 1 else say("column {}", quoted)
            reason = _clauses(reason, say("more references: {}", which))
        return replace(schema, summary=column, references=more, reason=reason, lists=lists)

    def _with_answers(self, schema: Schema) -> Schema | None:
        """Return the shape with the answers as summaries, without the instruction that all texts begin with.

        None unless most conversations are one text and an assistant's shorter answer, and none is more.
        """
        spoken = self._first_turns(schema)
        answered = sum(map(cells.is_answered, spoken))
        if not spoken or any(len(turns) != 2 for turns in spoken) or answered * 2 <= len(spoken):
            return None
        reason = _clauses(schema.reason, "summary: the last turn, a shorter answer to one text")
        instruction = cells.shared_instruction([turns[0].text for turns in spoken])
        if instruction:
            quoted = " ".join(instruction.split())
            reason = _clauses(reason, say('the shared beginning is removed: "{}"', quoted))
        return replace(schema, reason=reason, instruction=instruction)

    def _first_turns(self, schema: Schema) -> list[list[Turn]]:
        """Return the turns of the first rows that have any, without instructions to an assistant."""
        keys = Keys(schema.speaker, schema.text)
        spoken = []
        for number, cell in enumerate(self.first.cells(schema.conversation), start=1):
            try:
                spoken.append(cells.without_system(cells.turns_of(cell, keys, schema.conversation)))
            except DataError as error:
                raise cells.in_row(say("Row {:,}", number), error) from error
        return [turns for turns in spoken if turns]

    # ------------------------------------------------------------------------------------ turns in rows
    def _repeated_group(self) -> str | None:
        """Return the column that says which conversation a row belongs to, if rows look like single turns.

        A column of speakers that is named by hand makes them so: whole conversations have none. Rows with lists of
        turns, or with several turns in a text, are whole conversations, however often their ids repeat.
        """
        named = self.conversation != AUTO
        if self.by_hand.keys() & {"last_turn"} or (named and "speaker" not in self.by_hand):
            return None
        speaker = self._row_speaker()
        if speaker is None or self._holds_turns():
            return None
        likely = (column_names.exact(self.columns, (name,)) for name in column_names.GROUP_NAMES)
        for name in filter(None, likely):
            text = self.conversation if named else self._row_text(speaker, name)
            if (
                name not in {speaker, text}
                and text
                and not self.first.holds_whole(text)
                and self._groups(name)
            ):
                return name
        return None

    def _holds_turns(self) -> bool:
        """Tell whether a column called after turns holds lists of them, or any with the speaker that is named."""
        speaker = self.by_hand.get("speaker")
        return any(
            column_names.exact([name], column_names.CONVERSATION_LIST_NAMES) or keys.speaker == speaker
            for name, keys in self._list_columns().items()
        )

    def _groups(self, column: str) -> bool:
        """Tell whether a column repeats short values, with no two summaries for one of them."""
        summary = self.summary if self.summary != AUTO else self.first.summary(self.columns)
        summaries: dict[str, set[str]] = {}
        for row in self.first.rows:
            value, text = cells.text_of(row.get(column)), cells.text_of(row.get(summary or ""))
            if not value or len(value) > MAX_GROUP_CHARACTERS:
                return False
            summaries.setdefault(value, set()).update({text} - {""})
        return 0 < len(summaries) < len(self.first.rows) and all(len(each) < 2 for each in summaries.values())

    def _row_speaker(self) -> str | None:
        plain = [name for name in self.columns if self.first.is_plain(name)]
        if "speaker" in self.by_hand:
            return self.by_hand["speaker"] if self.by_hand["speaker"] in plain else None
        return column_names.exact(plain, column_names.SPEAKER_NAMES)

    def _row_text(self, speaker: str | None, group: str) -> str | None:
        free = [name for name in self.columns if name not in {speaker, group} and self.first.is_plain(name)]
        return column_names.exact(free, (*column_names.TEXT_NAMES, *column_names.CONVERSATION_NAMES))

    def _rows(self, group: str) -> Schema:
        speaker = column_mapping.column(self.by_hand, "speaker", self.columns) or self._row_speaker() or ""
        text = column_mapping.column(self.by_hand, "text", self.columns)
        if text and self.conversation not in (AUTO, text):
            message = say('The text is named twice: "{}" and "{}".', self.conversation, text)
            raise DataError(message, "Remove data.conversation or data.columns.text.", column_mapping.FIELD)
        if text is None:
            text = self._row_text(speaker, group) if self.conversation == AUTO else self.conversation
        if text is None:
            raise self._none_likely("conversation")
        rows = say('conversation: the rows with the same "{}"', group)
        turn = say('each is a turn with "{}" and speaker "{}"', text, speaker)
        why = _clauses(rows, turn if speaker else say('each is a turn with "{}"', text))
        schema = Schema("rows", self.columns, text, "", why, group, speaker, text, group)
        return self._with_summary(schema)

    # ----------------------------------------------------------------------------------------------- errors
    def _none_likely(self, role: str, turns: bool = False, taken: str = "") -> DataError:
        message, hint = NONE_LIKELY[role]
        hint = joined(" ", (column_names.there(self.columns), hint))
        hint += ' If the last turn is one, write last_turn = "summary" into data.columns.' if turns else ""
        likely, _, _ = self.first.by_texts(self.columns)
        shown = self.first.samples([name for name in likely if name != taken])
        return DataError(message, f"{hint} {shown}".rstrip(), f"data.{role}")


def _clauses(*parts: str) -> str:
    """Return parts of a reason as one; each stands for itself, so that it can be translated."""
    return joined("; ", parts)


def _form_of_turns(keys: Keys) -> str:
    if not keys.text:
        return "its lists are turns"
    if not keys.speaker:
        return say('its lists are turns with "{}"', keys.text)
    return say('its lists are turns with "{}" and speaker "{}"', keys.text, keys.speaker)
