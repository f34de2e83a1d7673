"""Tables as people have them: names of columns, what stands in them, and which hold conversation and summary.

A line is `name | column=kind … | conversation > summary`, or `ask` where nobody could tell. Names follow public data
sets, exports of programs, labelling tools and spreadsheets; every text is invented.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

TOPICS = (
    ("the printer", "Ann", "Bob", "The printer on the second floor is broken, so Bob orders a new one by Friday."),
    ("the trip", "Cem", "Dee", "Cem and Dee take the early train to the coast and meet at the station at seven."),
    ("the invoice", "Eva", "Finn", "Eva was charged twice for March; Finn refunds the second invoice today."),
    ("the garden", "Gil", "Hana", "Gil waters the garden while Hana is away, and she brings him tea from Japan."),
    ("the exam", "Ivo", "Jo", "Ivo failed the exam and asks Jo to study with him every Tuesday in the library."),
)  # fmt: skip
ROWS = len(TOPICS)


def _talk(at: int) -> str:
    what, one, other, summary = TOPICS[at]
    return (
        f"{one}: Hi {other}, have you thought about {what}?\n{other}: Yes, but I am not sure what we should do.\n"
        f"{one}: Well, I talked to the others yesterday and they agree with me.\n{other}: All right then. {summary}\n"
        f"{one}: Good, thank you very much!\n{other}: See you soon."
    )


def _prose(at: int) -> str:
    what, one, other, summary = TOPICS[at]
    return " ".join(
        (
            f"For weeks people had been talking about {what}, and nobody knew how it would end.",
            f"When {one} met {other} on that rainy morning, both of them expected a long discussion.",
            summary,
            "It was not the first time that something like this had happened, and it would hardly be the last one.",
            f"In the end {other} said that everybody had learned a lot from it, whatever others might think.",
        )
    )


def _said(at: int) -> list[str]:
    return [line.partition(": ")[2] for line in _talk(at).splitlines()]


WHO = [(one, other) for _, one, other, _ in TOPICS]
KINDS: dict[str, Any] = {
    "talk": _talk,
    "prose": _prose,
    "lines": lambda at: _talk(at).replace("\n", " "),
    "short": lambda at: TOPICS[at][3],
    "short2": lambda at: f"{WHO[at][0]} and {WHO[at][1]} talk about {TOPICS[at][0]} and find a way that suits both.",
    "headline": lambda at: f"{WHO[at][0]} and {WHO[at][1]} speak of {TOPICS[at][0]}",
    "step": lambda at: ("Call again next week.", "Send an offer by mail.", "Wait.", "Ask for a date.", "None.")[at],
    "title": lambda at: f"{TOPICS[at][0].title()}",
    "question": lambda at: f"What do {WHO[at][0]} and {WHO[at][1]} decide about {TOPICS[at][0]}?",
    "instruct": lambda at: "Summarize the following conversation.",
    "id": lambda at: f"13{at}8-{at * 7919 % 1000:03d}",
    "hash": lambda at: f"{(at + 3) * 2654435761 % 2**32:08x}{(at + 5) * 40503 % 2**16:04x}",
    "uuid": lambda at: f"6f9619ff-8b86-d011-b42d-00cf4fc964f{at}",
    "number": lambda at: 17 * at + 3,
    "digits": lambda at: str(1000 + 37 * at),
    "float": lambda at: 0.5 + at / 10,
    "date": lambda at: f"2024-03-0{at + 1}",
    "stamp": lambda at: f"2024-03-0{at + 1} 10:{at}5:00",
    "iso": lambda at: f"2024-03-0{at + 1}T10:{at}5:00Z",
    "usdate": lambda at: f"3/{at + 1}/2024 {at + 1}:05 PM",
    "words_date": lambda at: f"Monday, March {at + 1}, 2024 at {at + 1}:05 PM",
    "clock": lambda at: f"00:0{at}:3{at}",
    "url": lambda at: f"https://example.org/calls/{at}?view=all",
    "class": lambda at: ("billing", "travel")[at % 2],
    "site": lambda at: ("reddit", "twitter", "reddit", "forum", "reddit")[at],
    "status": lambda at: ("closed", "open", "closed", "closed", "pending")[at],
    "state": lambda at: ("needs human review", "done by annotator", "needs human review")[at % 3],
    "word": lambda at: ("printer", "trip", "invoice", "garden", "exam")[at],
    "flag": lambda at: at % 2 == 0,
    "yes": lambda at: ("yes", "no")[at % 2],
    "file": lambda at: f"call_{at:03d}.txt",
    "path": lambda at: f"data/2024/meeting {at}.docx",
    "name": lambda at: WHO[at][0],
    "full": lambda at: f"{WHO[at][0]} Miller",
    "both": lambda at: f"{WHO[at][0]}, {WHO[at][1]}",
    "mail": lambda at: f"{WHO[at][0].lower()}@example.org",
    "model": lambda at: "gpt-4o-mini-2024-07-18",
    "same": lambda at: "Please read the guidelines before you label this one.",
    "lang": lambda at: "en",
    "empty": lambda at: "",
    "none": lambda at: None,
    "tags": lambda at: ["office", "travel"][: at % 2 + 1],
    "turns": lambda at: [{"speaker": WHO[at][turn % 2], "text": line} for turn, line in enumerate(_said(at))],
    "chat": lambda at: [
        {"role": ("user", "assistant")[turn % 2], "content": line} for turn, line in enumerate(_said(at))
    ],
    "texts": _said,
    "speakers": lambda at: [WHO[at][turn % 2] for turn in range(len(_said(at)))],
    "refs": lambda at: [TOPICS[at][3], KINDS["short2"](at)],
    "zh": lambda at: f"小王：你好，第{at}次会议怎么样？\n小李：我觉得应该再讨论。\n小王：好的，明天下午三点见面吧。",
    "zhsum": lambda at: f"小王和小李讨论第{at}次会议，决定明天下午三点见面。",
    "de": lambda at: f"Anna: Hast du an Punkt {at} gedacht?\nBernd: Ja, mir fehlte die Zeit.\nAnna: Dann bis morgen.",
    "desum": lambda at: f"Anna erinnert Bernd an Punkt {at}, er hatte noch keine Zeit.",
}  # fmt: skip


SETS = """
samsum | id=id dialogue=talk summary=short | dialogue > summary
dialogsum | id=id dialogue=talk summary=short topic=title | dialogue > summary
news highlights | article=prose highlights=short id=hash | article > highlights
document | document=prose summary=short id=digits | document > summary
posts | author=name body=prose normalizedBody=prose subreddit=site subreddit_id=id id=id content=prose summary=short | content > summary
bills | text=prose summary=short title=headline | text > summary
papers | article=prose abstract=short section_names=title | article > abstract
patents | description=prose abstract=short | description > abstract
reports | report=prose summary=short | report > summary
interviews | id=id program=site date=date url=url title=headline summary=short utt=texts speaker=speakers | utt > summary
doctor notes | ID=number section_header=class section_text=short dialogue=talk | dialogue > section_text
encounters | dataset=same encounter_id=id dialogue=talk note=short src=same | dialogue > note
how to | text=prose headline=short title=title | text > headline
short news | document=prose summary=headline | document > summary
newsroom | text=prose summary=short title=headline url=url date=stamp density=float coverage=float compression=float density_bin=class | text > summary
mail subjects | email_body=prose subject_line=headline | email_body > subject_line
preferences | prompt=talk label=short | prompt > label
completions | prompt=talk completion=short | prompt > completion
alpaca | instruction=instruct input=talk output=short | input > output
dolly | instruction=question context=prose response=short category=class | ask
chat lists | messages=chat summary=short | messages > summary
turn lists | dialogue=turns summary=short | dialogue > summary
two lists | id=id speaker=speakers utt=texts summary=short | utt > summary
tickets | ticket_id=digits subject=title description=talk status=status created_at=iso resolution=short | description > resolution
tickets without | ticket_id=digits subject=title description=talk status=status created_at=iso url=url | ask
cases | CaseNumber=digits Subject=title Description=prose Comments=talk Status=status | ask
calls | call_id=id started=iso duration=number url=url transcript=talk brief=short | transcript > brief
calls without | call_id=id started=iso duration=number url=url transcript=talk | ask
call list | call=talk when=words_date | ask
call links | call=talk recording=url | ask
meetings | meeting_id=digits topic=title start_time=iso transcript=talk summary=short | transcript > summary
meetings full | Meeting=title Date=usdate Participants=both Transcript=talk Minutes=short | Transcript > Minutes
otter | title=title speakers=both transcript=talk abstract_summary=short | transcript > abstract_summary
source is a class | source=site text=talk summary=short | text > summary
source is a link | source=url text=talk summary=short | text > summary
source is an id | source=id article=prose summary=short | article > summary
source is a title | source=title text=prose summary=short | text > summary
source is the text | source=talk target=short | source > target
source is the document | id=id source=prose reference=short | source > reference
source is a file | source=file dialogue=talk summary=short | dialogue > summary
content is a class | content=class body=prose summary=short | body > summary
input is a file | input=path transcript=talk output=short | transcript > output
chat flags | chat_is_type=class text=talk summary=short | text > summary
agent names | agent_customer=both text=talk summary=short | text > summary
dialog kinds | meta.dialog_type=class text=talk summary=short | text > summary
outer info | original dialog info.topic=title text=talk summary=short | text > summary
outer info 2 | original dialog info.summary=short original dialog info.dialogue=talk | original dialog info.dialogue > original dialog info.summary
short content 2 | short_summary.content=short body=talk | body > short_summary.content
short content | short_summary.content=short text.content=talk | text.content > short_summary.content
summary status | text=talk summary_status=status summary_text=short | text > summary_text
summary status 2 | dialogue=talk summary_status=state gist=short | dialogue > gist
summary length | dialogue=talk summary_len=number summary=short | dialogue > summary
summary length 2 | dialogue=talk summary_len=number gist=short | dialogue > gist
summary model | dialogue=talk summary_model=model summary=short | dialogue > summary
summary model 2 | dialogue=talk summary_model=model gist=short | dialogue > gist
summary date | dialogue=talk summary_date=stamp tldr=short | dialogue > tldr
summary id | dialogue=talk summary_id=uuid tldr=short | dialogue > tldr
summary author | dialogue=talk summary_author=full tldr=short | dialogue > tldr
abstract id | text=prose abstract_id=id abstract=short | text > abstract
abstract id 2 | text=prose abstract_id=id tldr=short | text > tldr
original label | text=talk original_label=class tldr=short | text > tldr
labels inside | text=talk spans[0].label=class tldr=short | text > tldr
labels alone | text=talk label=class | ask
reference numbers | text=talk reference=id tldr=short | text > tldr
reference links | dialogue=talk reference=url summary=short | dialogue > summary
target class | dialogue=talk target=class summary=short | dialogue > summary
output file | dialogue=talk output=file summary=short | dialogue > summary
response time | dialogue=talk response_time=clock summary=short | dialogue > summary
response time 2 | dialogue=talk response_time=clock gist=short | dialogue > gist
text id | text_id=id text=talk summary=short | text > summary
conversation id | conversation_id=id transcript=talk summary=short | transcript > summary
conversation type | conversation_type=class body=talk summary=short | body > summary
conversation date | conversation_date=stamp body=talk summary=short | body > summary
dialogue acts | dialogue_act=class utterances=talk summary=short | utterances > summary
document type | document_type=class document_text=prose summary=short | document_text > summary
article links | article_url=url article_text=prose article_summary=short | article_text > article_summary
article title | article_title=headline article_body=prose highlights=short | article_body > highlights
input output | input_text=talk output_text=short | input_text > output_text
input output id | input_id=id input_text=talk output_text=short output_id=id | input_text > output_text
chat ids | chat_id=digits chat=talk chat_summary=short | chat > chat_summary
chat times | chat_start=stamp chat_end=stamp chat_text=talk chat_summary=short | chat_text > chat_summary
two summaries | dialogue=talk summary1=short summary2=short2 | dialogue > summary1
three summaries | dialogue=talk summary_1=short summary_2=short2 summary_3=headline | dialogue > summary_1
reference lists | dialogue=talk summaries=refs | dialogue > summaries
numbered texts | text1=talk text2=short | text1 > text2
upper case | DIALOGUE=talk SUMMARY=short | DIALOGUE > SUMMARY
spaces | Full Transcript=talk Call Summary=short Agent Name=full | Full Transcript > Call Summary
camel case | conversationText=talk conversationSummary=short createdAt=iso | conversationText > conversationSummary
camel case 2 | chatId=digits chatTranscript=talk chatSummary=short | chatTranscript > chatSummary
camel status | chatTranscript=talk summaryStatus=status gist=short | chatTranscript > gist
hyphens | call-transcript=talk call-summary=short call-date=date | call-transcript > call-summary
dots | data.transcript=talk data.summary=short meta.date=stamp | data.transcript > data.summary
annotations | data.text=talk annotations[0].result[0].value.text[0]=short meta.id=id | data.text > annotations[0].result[0].value.text[0]
annotators | id=number text=talk annotator=full lead_time=float summary=short created_at=iso updated_at=iso | text > summary
prodigy | text=talk _input_hash=digits _task_hash=digits answer=status summary=short | text > summary
doccano | id=number text=talk label=short Comments=empty | text > label
argilla | id=uuid status=status fields.text=talk responses.summary=short metadata.source=site | fields.text > responses.summary
surge | Dialogue=talk Instructions=same Worker=name Summary=short | Dialogue > Summary
mturk | HITId=hash Title=same WorkerId=hash SubmitTime=words_date Input.dialogue=talk Answer.summary=short | Input.dialogue > Answer.summary
mturk 2 | HITId=hash Reward=float Input.text=talk Answer.summary_text=short Answer.comment=empty | Input.text > Answer.summary_text
scale | task_id=hash params.conversation=talk response.summary=short response.status=status | params.conversation > response.summary
spreadsheet | Date=usdate Agent=full Customer=mail Conversation=talk Summary=short Score=number | Conversation > Summary
spreadsheet 2 | A=talk B=short | A > B
spreadsheet 3 | No.=number Text=talk Result=short | Text > Result
spreadsheet 4 | Chat log=talk What happened=short Done?=yes | Chat log > What happened
notes | Session=date Client=name Transcript=talk Therapist notes=short | Transcript > Therapist notes
notes 2 | date=date note=short transcript=talk follow_up=yes | transcript > note
tldr | body=prose tldr=short | body > tldr
tl;dr | post=prose tl;dr=short score=number | post > tl;dr
gist | talk=talk gist=short | talk > gist
recap | meeting=talk recap=short date=date | meeting > recap
minutes | transcript=talk minutes=short attendees=both | transcript > minutes
synopsis | script=talk synopsis=short title=title | script > synopsis
overview | transcript=talk overview=short duration=clock | transcript > overview
key points | conversation=talk key_points=short | conversation > key_points
outcome | chat=talk outcome=short | chat > outcome
wrap up | chat_transcript=talk wrap_up_notes=short queue=class agent_id=id | chat_transcript > wrap_up_notes
disposition | chat_transcript=talk disposition=class summary_notes=short | chat_transcript > summary_notes
resolution code | chat_transcript=talk resolution_code=class resolution=short | chat_transcript > resolution
sentiment | dialogue=talk sentiment=class summary=short sentiment_score=float | dialogue > summary
language | lang=lang text=talk summary=short | text > summary
translated | dialogue=talk summary=short dialogue_de=de summary_de=desum | dialogue > summary
German | Gespräch=de Zusammenfassung=desum | Gespräch > Zusammenfassung
German 2 | Nr=number Datum=date Verlauf=de Ergebnis=desum | Verlauf > Ergebnis
German 3 | Kunde=name Gesprächsverlauf=de Kurzfassung=desum Gesprächsdauer=clock | Gesprächsverlauf > Kurzfassung
Chinese | 对话=zh 摘要=zhsum | 对话 > 摘要
Chinese 2 | 编号=digits 对话内容=zh 摘要内容=zhsum | 对话内容 > 摘要内容
Chinese 3 | 内容=zh 总结=zhsum 日期=date | 内容 > 总结
French | conversation=talk résumé=short date=date | conversation > résumé
Spanish | id=number conversación=talk resumen=short | conversación > resumen
flags | dialogue=talk is_summary_ok=flag summary=short | dialogue > summary
flags 2 | dialogue=talk has_summary=yes gist=short | dialogue > gist
empty summary | dialogue=talk summary=empty note=short | dialogue > summary
none summary | dialogue=talk summary=none note=short | dialogue > summary
one text | dialogue=talk | ask
texts and ids | a=id b=talk c=short | b > c
texts and dates | a=stamp b=talk | ask
texts and links | a=url b=talk | ask
texts and names | a=full b=talk | ask
texts and files | a=path b=talk | ask
texts and words | a=word b=talk | ask
texts and classes | a=state b=talk | ask
texts and constants | a=same b=talk | ask
two talks | first=talk second=lines | ask
questions | query=question meeting=talk answer=short | ask
question and summary | question=question transcript=talk summary=short | transcript > summary
prompts | prompt=instruct conversation=talk response=short | conversation > response
system | system=same user=talk assistant=short | user > assistant
generated | dialogue=talk reference_summary=short generated_summary=short2 | dialogue > reference_summary
gold | transcript=talk gold_summary=short system_summary=short2 | transcript > gold_summary
human | conversation=talk human_summary=short | conversation > human_summary
evaluated | dialogue=talk summary=short rouge1=float rouge2=float model=model | dialogue > summary
video | video_id=hash title=headline captions=lines summary=short duration=number | captions > summary
podcast | episode=title show=site audio_url=url transcript=prose description=short | transcript > description
voicemail | from=name received=iso text=prose subject=headline | ask
legal | case_id=id opinion=prose holding=short court=class | opinion > holding
support mail | thread_id=id from=mail to=mail date=words_date body=talk summary=short | body > summary
archive | ROWID=number guid=uuid text=talk date=digits date_read=digits service=class | ask
social | CONVERSATION TITLE=title CONTENT=talk DATE=stamp FOLDER=class | ask
bot logs | session=hash log=talk intent=class confidence=float abstract=short | log > abstract
game chat | match_id=digits chat_log=talk outcome=class recap=short | chat_log > recap
second list: helpdesk | Ticket #=digits Requester=full Opened=usdate Closed=usdate Thread=talk Closing note=short | Thread > Closing note
second list: crm | Account=title Owner=full Last activity=date Call notes=prose Next step=step | ask
second list: clinic | patient_id=hash visit_date=date conversation=talk soap_note=short icd=id | conversation > soap_note
second list: court | docket=id hearing_date=date transcript=talk ruling_summary=short judge=full | transcript > ruling_summary
second list: research | participant=id condition=class interview=talk summary_by_coder1=short summary_by_coder2=short2 | interview > summary_by_coder1
second list: survey | respondent=digits age=number open_answer=prose theme=class | ask
second list: board | board_meeting=date attendees=both discussion=talk decisions=short | discussion > decisions
second list: standup | team=class day=date standup_transcript=talk standup_summary=short | standup_transcript > standup_summary
second list: sales | rep=name prospect=full call_transcript=talk call_outcome=class ai_summary=short crm_link=url | call_transcript > ai_summary
second list: dialpad | call_id=digits date_started=iso transcript=talk recap_summary=short recording_url=url | transcript > recap_summary
second list: chatbot | session_id=uuid started_at=iso chat=talk handoff_summary=short csat=number | chat > handoff_summary
second list: discord | channel=site log=talk tl_dr=short | log > tl_dr
second list: forum | thread_title=headline thread_url=url posts=talk top_answer=short | ask
second list: code review | pr=number diff_url=url discussion=talk conclusion=short merged=flag | discussion > conclusion
second list: lecture | course=title lecture_no=number lecture_text=prose lecture_abstract=short | lecture_text > lecture_abstract
second list: books | title=title author=full chapter=number chapter_text=prose chapter_summary=short | chapter_text > chapter_summary
second list: film | imdb_id=id name=title script=talk plot_summary=short year=number | script > plot_summary
second list: sports | match=title date=date commentary=prose report=short | commentary > report
second list: news 2 | headline=headline story=prose lead=short published=iso url=url | ask
second list: reviews | product=title review_text=prose review_title=headline stars=number | ask
second list: emails | message_id=mail subject=headline body=prose summary=short label=class | body > summary
second list: Portuguese | id=digits diálogo=talk resumo=short data=date | diálogo > resumo
second list: Italian | conversazione=talk sintesi=short esito=class | conversazione > sintesi
second list: Dutch | gesprek=talk samenvatting=short datum=date duur=clock | gesprek > samenvatting
second list: Swedish | samtal=talk sammanfattning=short | samtal > sammanfattning
second list: Polish | rozmowa=talk podsumowanie=short data=date | rozmowa > podsumowanie
second list: Turkish | konuşma=talk özet=short tarih=date | konuşma > özet
second list: Japanese names | 会話=zh 要約=zhsum 日付=date | 会話 > 要約
second list: German 4 | Ticketnummer=digits Kundenanliegen=de Lösung=desum Bearbeiter=full | Kundenanliegen > Lösung
second list: German 5 | Telefonat=de Notiz=desum Datum=words_date | Telefonat > Notiz
second list: snake prefix | sample_dialogue=talk sample_summary=short sample_id=id | sample_dialogue > sample_summary
second list: suffix txt | dialogue_txt=talk summary_txt=short dialogue_file=file summary_file=file | dialogue_txt > summary_txt
second list: lengths | dialogue_length=number summary_length=number dlg=talk sum=short | dlg > sum
second list: clean raw | raw_text=talk clean_text=talk summary=short | ask
second list: tokens | text=talk text_tokens=number summary=short summary_tokens=number | text > summary
second list: embeddings | id=uuid chunk=talk chunk_summary=short chunk_hash=hash | chunk > chunk_summary
second list: paths | audio_path=path transcript_path=path transcript=talk summary=short | transcript > summary
second list: split kinds | split=class dialogue=talk summary=short fold=number | dialogue > summary
second list: rlhf | prompt=talk chosen=short rejected=short2 | ask
second list: judge | dialogue=talk summary_a=short summary_b=short2 winner=class | ask
second list: multi | dialogue=talk short_summary=headline long_summary=short | ask
second list: bilingual | en_dialogue=talk en_summary=short de_dialogue=de de_summary=desum | ask
second list: nested | conversation.text=talk conversation.id=id result.summary=short result.created=iso | conversation.text > result.summary
second list: nested 2 | input.transcript=talk output.summary=short output.model=model | input.transcript > output.summary
second list: nested 3 | data.dialog=talk data.source=site label.summary=short | data.dialog > label.summary
"""  # noqa: E501


class ColumnSet(NamedTuple):
    """A table with the right answer: the columns of conversation and summary, or None where a person has to say."""

    name: str
    rows: list[dict[str, Any]]
    right: tuple[str, str] | None


def column_sets() -> Iterator[ColumnSet]:
    """Yield all tables."""
    for line in SETS.strip().splitlines():
        name, columns, answer = (part.strip() for part in line.split(" | "))
        kinds = _kinds(columns)
        rows = [{column: KINDS[kind](at) for column, kind in kinds} for at in range(ROWS)]
        right = tuple(part.strip() for part in answer.split(" > "))
        yield ColumnSet(name, rows, None if answer == "ask" else (right[0], right[1]))


def _kinds(columns: str) -> list[tuple[str, str]]:
    """Return names and kinds; a name may hold spaces: `Agent Name=full Full Transcript=talk`."""
    found, name = [], ""
    for word in columns.split(" "):
        first, equals, kind = word.rpartition("=")
        if not equals:
            name += f"{word} "
            continue
        found.append((name + first, kind))
        name = ""
    return found
