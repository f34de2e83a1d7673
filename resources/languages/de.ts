<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context>
  <name>window</name>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source> and </source>
   <translation> und </translation>
  </message>
  <message>
   <location filename="../../gui/look/language.py" />
   <source> or </source>
   <translation> oder </translation>
  </message>
  <message>
   <location filename="../../gui/look/language.py" />
   <source> with </source>
   <translation> mit </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>"{name}" is a built-in preset.</source>
   <translation>„{name}“ ist eine mitgelieferte Vorlage.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>% preferred</source>
   <translation>% bevorzugt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Base model</source>
   <translation>&amp;Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>&amp;Column of the summaries</source>
   <translation>&amp;Spalte der Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Compare</source>
   <translation>&amp;Vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Conversation column</source>
   <translation>&amp;Gesprächsspalte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>&amp;Count tokens for</source>
   <translation>Tokens &amp;zählen für</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Data</source>
   <translation>&amp;Daten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>&amp;Decoding</source>
   <translation>&amp;Dekodierung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Encoding</source>
   <translation>&amp;Kodierung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>&amp;File of summaries</source>
   <translation>&amp;Datei mit Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Further summaries</source>
   <translation>&amp;Weitere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Group rows by</source>
   <translation>Zeilen &amp;gruppieren nach</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Id</source>
   <translation>&amp;ID</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>&amp;Last turn</source>
   <translation>&amp;Letzter Beitrag</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Name</source>
   <translation>&amp;Name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>&amp;Name of the system</source>
   <translation>&amp;Name des Systems</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>&amp;Order</source>
   <translation>&amp;Reihenfolge</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>&amp;Pairs to vote on</source>
   <translation>&amp;Paare für die Abstimmung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Seeds</source>
   <translation>&amp;Startwerte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>&amp;Text</source>
   <translation>Te&amp;xt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>&amp;Training time for each</source>
   <translation>Trainings&amp;zeit für jeden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>&amp;Your name</source>
   <translation>&amp;Ihr Name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>1 hour</source>
   <translation>1 Stunde</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>1 is better</source>
   <translation>1 ist besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>2 is better</source>
   <translation>2 ist besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>24 hours</source>
   <translation>24 Stunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>8 hours</source>
   <translation>8 Stunden</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>8 tokens, 6 words</source>
   <translation>8 Tokens, 6 Wörter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>&lt;b&gt;None&lt;/b&gt; of {total} would be cut.</source>
   <translation>Von {total} würde &lt;b&gt;nichts&lt;/b&gt; gekürzt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>&lt;b&gt;Nothing is trained.&lt;/b&gt; The plain prompt is scored, then this one.</source>
   <translation>&lt;b&gt;Nichts wird trainiert.&lt;/b&gt; Der einfache Prompt wird bewertet, dann dieser.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>&lt;b&gt;{model}&lt;/b&gt; learns from {data} with {method}.</source>
   <translation>&lt;b&gt;{model}&lt;/b&gt; lernt aus {data} mit {method}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>&lt;b&gt;{share}&lt;/b&gt; would be cut: {count} of {total}.</source>
   <translation>&lt;b&gt;{share}&lt;/b&gt; würden gekürzt: {count} von {total}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>A bad summary</source>
   <translation>Eine schlechte Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/workers/worker_manager.py" />
   <source>A base model for summaries is using the device.</source>
   <translation>Ein Basismodell für Zusammenfassungen nutzt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A conversation per row</source>
   <translation>Ein Gespräch je Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>A data set is a file, a folder, or a data set of the Hugging Face Hub. “Data sets” shows the first rows and what was detected, and asks about the rest.</source>
   <translation>Ein Datensatz ist eine Datei, ein Ordner oder ein Datensatz des Hugging Face Hub. „Datensätze“ zeigt die ersten Zeilen und was erkannt wurde, und fragt nach dem Rest.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>A file for the other system to fill in</source>
   <translation>Eine Datei, die das andere System ausfüllt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>A good summary</source>
   <translation>Eine gute Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights above the values of FP4</source>
   <translation>Ein Histogramm der Gewichte über den Werten von FP4</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights above the values of NF4, densest near zero</source>
   <translation>Ein Histogramm der Gewichte über den Werten von NF4, nahe null am dichtesten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights above the values of int8</source>
   <translation>Ein Histogramm der Gewichte über den Werten von int8</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/history.py" />
   <source>A history entry can't be deleted: {why}.</source>
   <translation>Ein Eintrag des Verlaufs lässt sich nicht löschen: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A large frozen base model and a small trained adapter</source>
   <translation>Ein großes eingefrorenes Basismodell und ein kleiner trainierter Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A list of turns per row</source>
   <translation>Eine Liste von Beiträgen je Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>A new repository, or this adapter's.</source>
   <translation>Ein neues Repository, oder das dieses Adapters.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>A published variant of the method, which sets its options.</source>
   <translation>Eine veröffentlichte Variante des Verfahrens, die seine Optionen setzt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>A run is being prepared.</source>
   <translation>Ein Lauf wird vorbereitet.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>A run is using the device.</source>
   <translation>Ein Lauf nutzt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>A run is using the files on {node}.</source>
   <translation>Auf {node} nutzt ein Lauf, was dort liegt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>A run learns little from {count} summaries. Use them as examples in the prompt (Prompt only).</source>
   <translation>Aus {count} Zusammenfassungen lernt ein Lauf wenig. Verwenden Sie sie als Beispiele im Prompt („Nur Prompt“).</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>A run needs {least} accepted summaries: {lacking} more.</source>
   <translation>Ein Lauf braucht {least} angenommene Zusammenfassungen: noch {lacking}.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>A run started by another program</source>
   <translation>Ein Lauf eines anderen Programms</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>A safe first choice: strong, small, easy to share.</source>
   <translation>Eine sichere erste Wahl: stark, klein, leicht weiterzugeben.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/worker_manager.py" />
   <source>A scoring is using the device.</source>
   <translation>Eine Bewertung nutzt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>A trained layer after attention</source>
   <translation>Eine trainierte Schicht nach der Attention</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>A trained layer after feed-forward</source>
   <translation>Eine trainierte Schicht nach dem Feed-Forward</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A turn per row</source>
   <translation>Ein Beitrag je Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Accept and continue</source>
   <translation>Annehmen und weiter</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>Accept its licence first.</source>
   <translation>Stimmen Sie zuerst der Lizenz zu.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Accepted</source>
   <translation>Angenommen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Accepted or skipped</source>
   <translation>Angenommen oder übersprungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Accepted, {author}</source>
   <translation>Angenommen, {author}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/shortcuts_sheet.py" />
   <source>Action</source>
   <translation>Aktion</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Activations</source>
   <translation>Aktivierungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Adapter saved as {name}</source>
   <translation>Adapter gespeichert als {name}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Adapters, curves, scores and resumable runs are kept.</source>
   <translation>Adapter, Kurven, Wertungen und fortsetzbare Läufe bleiben erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Add</source>
   <translation>Hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Add a computer</source>
   <translation>Computer hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Add a computer…</source>
   <translation>Computer hinzufügen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Add adapter</source>
   <translation>Adapter hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>Add conversations</source>
   <translation>Gespräche hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Add conversations from a file</source>
   <translation>Gespräche aus einer Datei hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Add conversations…</source>
   <translation>Gespräche hinzufügen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Add drafts to queue</source>
   <translation>Entwürfe einreihen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Add entries</source>
   <translation>Einträge hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Add entries…</source>
   <translation>Einträge hinzufügen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Add one to compare it with the base model.</source>
   <translation>Fügen Sie einen hinzu, um ihn mit dem Basismodell zu vergleichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Add scoring to the queue</source>
   <translation>Bewertung in die Warteschlange stellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Add summaries from a file…</source>
   <translation>Zusammenfassungen aus einer Datei…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Add to queue</source>
   <translation>In die Warteschlange</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Add to the arena</source>
   <translation>Zur Arena hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Add to the comparison</source>
   <translation>Zum Vergleich hinzufügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Address</source>
   <translation>Adresse</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Address of a cluster</source>
   <translation>Adresse eines Clusters</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Add…</source>
   <translation>Hinzufügen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Advanced</source>
   <translation>Erweitert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>All</source>
   <translation>Alle</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>All GPUs</source>
   <translation>Alle GPUs</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/filter_row.py" />
   <source>All base models</source>
   <translation>Alle Basismodelle</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>All base models…</source>
   <translation>Alle Basismodelle…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>All conversations of this set</source>
   <translation>Alle Gespräche dieser Sammlung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>All conversations of {split}.</source>
   <translation>Über alle Gespräche aus {split}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/filter_row.py" />
   <source>All data</source>
   <translation>Alle Daten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>All done. Use the summaries for the next run, or review the skipped ones.</source>
   <translation>Alles erledigt. Verwenden Sie die Zusammenfassungen für den nächsten Lauf, oder sehen Sie die übersprungenen durch.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>All done. Use the summaries for the next run.</source>
   <translation>Alles erledigt. Verwenden Sie die Zusammenfassungen für den nächsten Lauf.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>All entries share the data and the Train page's prompt, epochs and scoring.</source>
   <translation>Alle Einträge haben die Daten gemeinsam, und Prompt, Epochen und Bewertung der Seite „Trainieren“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>All entries share the data and the scoring.</source>
   <translation>Alle Einträge haben Daten und Bewertung gemeinsam.</translation>
  </message>
  <message>
   <location filename="../../gui/core/file_opening.py" />
   <source>All files (*)</source>
   <translation>Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>All masked. Undo</source>
   <translation>Alle maskiert. Rückgängig</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>All of it works offline</source>
   <translation>Alles ist auch offline verfügbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>All options</source>
   <translation>Alle Optionen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>All playground conversations</source>
   <translation>Alle Gespräche der Werkbank</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>All {n} methods…</source>
   <translation>
    <numerusform>Alle {n} Verfahren…</numerusform>
    <numerusform>Alle {n} Verfahren…</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Also compare with the &amp;base model</source>
   <translation>Auch mit dem &amp;Basismodell vergleichen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Also upload the prompt's {n} example conversations</source>
   <translation>
    <numerusform>Auch das {n} Gespräch aus dem Prompt senden</numerusform>
    <numerusform>Auch die {n} Gespräche aus dem Prompt senden</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>An arena trains several methods on your data and compares the results.</source>
   <translation>Eine Arena trainiert mehrere Verfahren mit Ihren Daten und vergleicht die Ergebnisse.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/worker_manager.py" />
   <source>An export is using the device.</source>
   <translation>Ein Export nutzt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Ann: Is the train late again?
Bob: Ten minutes. Save me a seat.</source>
   <translation>Ann: Hat der Zug wieder Verspätung?
Bob: Zehn Minuten. Halt mir einen Platz frei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Another process runs this queue</source>
   <translation>Ein anderer Prozess bearbeitet diese Warteschlange</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Another prompt</source>
   <translation>Anderer Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Another protocol: {keys}</source>
   <translation>Anderes Bewertungsprotokoll: {keys}</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Appearance</source>
   <translation>Erscheinungsbild</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Applies after a restart.</source>
   <translation>Gilt nach einem Neustart.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Apps on this computer can use it through an OpenAI-compatible API, with the token. Other computers can't reach it.</source>
   <translation>Programme auf diesem Computer können ihn über eine OpenAI-kompatible API nutzen, mit dem Token. Andere Computer erreichen ihn nicht.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Arena</source>
   <translation>Arena</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Arena {name}</source>
   <translation>Arena {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>As a folder…</source>
   <translation>Als Ordner…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>As a plain model</source>
   <translation>Als einfaches Modell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>As a recipe…</source>
   <translation>Als Rezept…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>As a training script…</source>
   <translation>Als Trainingsskript…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>As a zip file…</source>
   <translation>Als ZIP-Datei…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>As trained</source>
   <translation>Wie trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>As you would type it after ssh. Uses your key or agent; passwords aren't stored.</source>
   <translation>Wie hinter dem Befehl ssh. Verwendet Ihren Schlüssel oder Agenten; Passwörter werden nicht gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Ask people, not only ROUGE</source>
   <translation>Fragen Sie Menschen, nicht nur ROUGE</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Asking the hub about {name}…</source>
   <translation>Der Hub wird nach {name} gefragt…</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>At least {least}, at most {most}.</source>
   <translation>Mindestens {least}, höchstens {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>At least {least}, below {most}.</source>
   <translation>Mindestens {least}, unter {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>At least {least}.</source>
   <translation>Mindestens {least}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>At most {most} can be compared. Uncheck some.</source>
   <translation>Höchstens {most} lassen sich vergleichen. Wählen Sie einige ab.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>At most {most}.</source>
   <translation>Höchstens {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Back</source>
   <translation>Zurück</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Back to all rows</source>
   <translation>Alle Zeilen zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Back to methods</source>
   <translation>Zurück zu den Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Back to the arena</source>
   <translation>Zurück zur Arena</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>Back to the recipe</source>
   <translation>Zurück zum Rezept</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Base model in</source>
   <translation>Basismodell in</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>Base model {base}; difference {difference}, {interval}: {verdict}.</source>
   <translation>Basismodell {base}; Unterschied {difference}, {interval}: {verdict}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Base model {low} to {high}, dashed</source>
   <translation>Basismodell {low} bis {high}, gestrichelt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Base model {score}, dashed</source>
   <translation>Basismodell {score}, gestrichelt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Base models</source>
   <translation>Basismodelle</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Base summary</source>
   <translation>Zusammenfassung der Basis</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_files.py" />
   <source>Based on your last run</source>
   <translation>Wie in Ihrem letzten Lauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Basic</source>
   <translation>Einfach</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>Batch size is unchanged. Nothing changes until you choose.</source>
   <translation>Die Batchgröße bleibt gleich. Nichts ändert sich, bevor Sie wählen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Beam search</source>
   <translation>Beam-Suche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Beam search extends the two likeliest token sequences</source>
   <translation>Die Beam-Suche verlängert die zwei wahrscheinlichsten Tokenfolgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Below</source>
   <translation>Darunter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Below the table</source>
   <translation>Unter der Tabelle</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>Below {most}.</source>
   <translation>Unter {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Best device available</source>
   <translation>Bestes verfügbares Gerät</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Beyond ROUGE</source>
   <translation>Außer ROUGE</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Blind comparison</source>
   <translation>Blindvergleich</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Blind votes</source>
   <translation>Blinde Stimmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Block × {count}</source>
   <translation>Block × {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Block, {touched} of {count}</source>
   <translation>Block, {touched} von {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>Bundled test conversations</source>
   <translation>Mitgelieferte Testgespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Bundled with Tunesmith</source>
   <translation>Mit Tunesmith geliefert</translation>
  </message>
  <message>
   <location filename="../../gui/desktop/system_load.py" />
   <source>CPU</source>
   <translation>CPU</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Cached results</source>
   <translation>Zwischengespeicherte Ergebnisse</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Can be merged</source>
   <translation>Verschmelzbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Can resume</source>
   <translation>Fortsetzbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Can't run on this base model:</source>
   <translation>Laufen nicht auf diesem Basismodell:</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>Cancelled</source>
   <translation>Abgebrochen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>Cancelled after {done} of {total} conversations.</source>
   <translation>Nach {done} von {total} Gesprächen abgebrochen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Cancelled.</source>
   <translation>Abgebrochen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Cancelled. Devices were not checked</source>
   <translation>Abgebrochen. Die Geräte wurden nicht geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Change</source>
   <translation>Ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Change base model</source>
   <translation>Basismodell ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Change data</source>
   <translation>Daten ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Change device</source>
   <translation>Gerät ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Change method</source>
   <translation>Verfahren ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Change run</source>
   <translation>Lauf ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Change the search, or show all.</source>
   <translation>Ändern Sie die Suche, oder zeigen Sie alle.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Change the search.</source>
   <translation>Ändern Sie die Suche.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Changed during training</source>
   <translation>Während des Trainings geändert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Changed or missing: {files}</source>
   <translation>Geändert oder nicht vorhanden: {files}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Changed with the base model: {settings}.</source>
   <translation>Mit dem Basismodell geändert: {settings}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Changed with the data: {settings}.</source>
   <translation>Mit den Daten geändert: {settings}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Changes everything; most memory, largest file</source>
   <translation>Ändert alles: am meisten Speicher, größte Datei</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Check</source>
   <translation>Prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Check again</source>
   <translation>Erneut prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Check all</source>
   <translation>Alle fragen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Check connection</source>
   <translation>Fragen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Check it as data</source>
   <translation>Als Daten prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Check or uncheck</source>
   <translation>An- oder abwählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Check the text</source>
   <translation>Text prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Check this computer</source>
   <translation>Diesen Computer prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Check {name}</source>
   <translation>{name} prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Checked</source>
   <translation>Geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Checking base model and data…</source>
   <translation>Basismodell und Daten werden geprüft…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Checking the files</source>
   <translation>Dateien werden geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Checking this computer</source>
   <translation>Dieser Computer wird geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Checking…</source>
   <translation>Wird geprüft…</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Checkpoints</source>
   <translation>Prüfpunkte</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Checkpoints of completed runs</source>
   <translation>Prüfpunkte abgeschlossener Läufe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Choose a file of summaries</source>
   <translation>Eine Datei mit Zusammenfassungen wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Choose a file or folder, or type a hub id.</source>
   <translation>Wählen Sie eine Datei oder einen Ordner, oder geben Sie eine Hub-ID ein.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Choose a folder of split files</source>
   <translation>Ordner mit einer Datei je Teil wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>Choose a plain text file.</source>
   <translation>Wählen Sie eine reine Textdatei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>Choose a real model</source>
   <translation>Richtiges Modell wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Choose a row to read it.</source>
   <translation>Wählen Sie eine Zeile, um sie zu lesen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Choose another base model</source>
   <translation>Anderes Basismodell wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Choose data files</source>
   <translation>Datendateien wählen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Choose files</source>
   <translation>Dateien wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Choose files or a folder, paste text, or drop files here.</source>
   <translation>Wählen Sie Dateien oder einen Ordner, fügen Sie Text ein, oder ziehen Sie Dateien hierher.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/table_head.py" />
   <source>Choose further metrics to show</source>
   <translation>Weitere Metriken zum Anzeigen wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>Choose one conversation, or open the file in Data sets.</source>
   <translation>Wählen Sie ein Gespräch, oder öffnen Sie die Datei unter „Datensätze“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Choose the better of two summaries without knowing their models.</source>
   <translation>Wählen Sie die bessere von zwei Zusammenfassungen, ohne ihre Modelle zu kennen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Choose them in Data sets</source>
   <translation>In „Datensätze“ auswählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Choose where to create the folder</source>
   <translation>Ort für den neuen Ordner wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Choose “Write summaries” in Data sets.</source>
   <translation>Wählen Sie unter „Datensätze“ „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Choose…</source>
   <translation>Wählen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Chosen methods</source>
   <translation>Gewählte Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Clear</source>
   <translation>Leeren</translation>
  </message>
  <message>
   <location filename="../../gui/core/file_opening.py" />
   <source>Clear list</source>
   <translation>Liste leeren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Click a column to change its role.</source>
   <translation>Ein Klick auf eine Spalte legt fest, was sie ist.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Close</source>
   <translation>Schließen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Close a panel, search or notice</source>
   <translation>Leiste, Suche oder Hinweis schließen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Collecting the files</source>
   <translation>Sammelt, was gesendet würde</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Columns with more references, separated by commas.</source>
   <translation>Spalten mit weiteren Referenzen, durch Kommas getrennt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/table_head.py" />
   <source>Columns…</source>
   <translation>Spalten…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Commented</source>
   <translation>Kommentierte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Compare</source>
   <translation>Vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Compare blind…</source>
   <translation>Blind vergleichen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>Compare conversations</source>
   <translation>Gespräche vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Compare methods</source>
   <translation>Verfahren vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Compare methods on your data</source>
   <translation>Welches Verfahren, mit Ihren Daten, auf diesem Computer?</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Compare the others in the arena later.</source>
   <translation>Vergleichen Sie die anderen später in der Arena.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Compare the selected adapters</source>
   <translation>Die ausgewählten Adapter nebeneinander zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Compare the summaries of the checked entries without names</source>
   <translation>Die Zusammenfassungen der markierten Einträge ohne Namen vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Compare with another system's summaries</source>
   <translation>Mit den Zusammenfassungen eines anderen Systems vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Compared</source>
   <translation>Im Vergleich</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Compare…</source>
   <translation>Vergleichen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Comparison</source>
   <translation>Vergleich</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Computer</source>
   <translation>Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Computers</source>
   <translation>Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Computing</source>
   <translation>In Arbeit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Connect via</source>
   <translation>Erreichbar über</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Connecting…</source>
   <translation>Wird gefragt…</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Contains {n} training conversations; share it only with people allowed to read them.</source>
   <translation>
    <numerusform>Enthält {n} Trainingsgespräch; geben Sie ihn nur an Personen weiter, die es lesen dürfen.</numerusform>
    <numerusform>Enthält {n} Trainingsgespräche; geben Sie ihn nur an Personen weiter, die sie lesen dürfen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Continue</source>
   <translation>Fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Continue from</source>
   <translation>Fortsetzen von</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Continue from step {step}</source>
   <translation>Ab Schritt {step} fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Continue queue</source>
   <translation>Warteschlange fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Continue the run</source>
   <translation>Lauf fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Continue to the base model</source>
   <translation>Weiter zum Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Continue to the data</source>
   <translation>Weiter zu den Daten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Continue to the method</source>
   <translation>Weiter zum Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Continue to the run</source>
   <translation>Weiter zum Lauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Continue training from here</source>
   <translation>Von hier weiter trainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Continue training from its adapter</source>
   <translation>Vom Adapter aus weitertrainieren</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Continue training this adapter, with the same base model and method.</source>
   <translation>Diesen Adapter weiter trainieren, mit demselben Basismodell und Verfahren.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Continue writing</source>
   <translation>Weiterschreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Continued from</source>
   <translation>Fortgesetzt von</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Continues from {name}</source>
   <translation>Setzt {name} fort</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Contrast</source>
   <translation>Kontrast</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Conversation</source>
   <translation>Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>Conversation and history are saved.</source>
   <translation>Das Gespräch und der Verlauf bleiben erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Conversation as text</source>
   <translation>Gespräch als Text</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Conversation length</source>
   <translation>Gesprächslänge</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Conversation {id}</source>
   <translation>Gespräch {id}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Conversation {id}, tie: {note}</source>
   <translation>Gespräch {id}, gleich gut: {note}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Conversation {id}, {name} preferred: {note}</source>
   <translation>Gespräch {id}, {name} vorgezogen: {note}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Conversations and summaries</source>
   <translation>Gespräche und Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>Conversations of this set</source>
   <translation>Gespräche dieser Sammlung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Conversations, decoding or base model differ: compare each with its own base model.</source>
   <translation>Gespräche, Dekodierung oder Basismodell unterscheiden sich: Vergleichen Sie jeden mit seinem eigenen Basismodell.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Converted models</source>
   <translation>Umgewandelte Modelle</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Copied from a run</source>
   <translation>Aus einem Lauf kopiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Copied, with ~ for your home folder</source>
   <translation>Kopiert, mit ~ für Ihren persönlichen Ordner</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Copy</source>
   <translation>Kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Copy all</source>
   <translation>Alles kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Copy as Markdown</source>
   <translation>Als Markdown kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Copy as command</source>
   <translation>Als Befehl kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/app.py" />
   <source>Copy details</source>
   <translation>Einzelheiten kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Copy diagnostics</source>
   <translation>Diagnose kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Copy recipe</source>
   <translation>Rezept kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/file_dialogs.py" />
   <source>Copy the address</source>
   <translation>Adresse kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/file_dialogs.py" />
   <source>Copy the path</source>
   <translation>Pfad kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Copy this summary</source>
   <translation>Diese Zusammenfassung kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Copy: {what}</source>
   <translation>Kopieren: {what}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Correct the summary, or add a note</source>
   <translation>Zusammenfassung korrigieren oder etwas dazu notieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Corrected</source>
   <translation>Korrigiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Corrected summary</source>
   <translation>Die Zusammenfassung, wie sie sein soll</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>Corrected:</source>
   <translation>Korrigiert:</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>Couldn't start from the queue</source>
   <translation>Konnte nicht aus der Warteschlange gestartet werden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Create the arena</source>
   <translation>Arena anlegen</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>Created</source>
   <translation>Erstellt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Created {adapter} from the checkpoint.</source>
   <translation>{adapter} aus dem Prüfpunkt erstellt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Created {moment}.</source>
   <translation>Erstellt {moment}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Cross-attention</source>
   <translation>Cross-Attention</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Custom</source>
   <translation>Eigene</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Custom prompt</source>
   <translation>Eigener Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Cut</source>
   <translation>Ausschneiden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Cut off at the length limit</source>
   <translation>An der Längengrenze abgeschnitten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Cuts about {lost} of {turns} turns</source>
   <translation>Kürzt etwa {lost} von {turns} Beiträgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Cuts {lost} of {turns} turns</source>
   <translation>Kürzt {lost} von {turns} Beiträgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Cuts {lost} of {turns} turns, one partly</source>
   <translation>Kürzt {lost} von {turns} Beiträgen, einen zum Teil</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Dark</source>
   <translation>Dunkel</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Data fingerprint</source>
   <translation>Fingerabdruck</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Data licence</source>
   <translation>Datenlizenz</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Data sets</source>
   <translation>Datensätze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>Data sets (*.jsonl);;All files (*)</source>
   <translation>Datensätze (*.jsonl);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>Decided by the prompt's text</source>
   <translation>Der Text des Prompts entscheidet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Decoder block × {count}</source>
   <translation>Decoder-Block × {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Decoder block, {touched} of {count}</source>
   <translation>Decoder-Block, {touched} von {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Decoding</source>
   <translation>Dekodierung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Decoding presets can't be saved: {why}.</source>
   <translation>Vorlagen der Dekodierung lassen sich nicht speichern: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>Decoding: {decoding}.</source>
   <translation>Dekodierung: {decoding}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Default: {value}.</source>
   <translation>Vorgabe: {value}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Delete</source>
   <translation>Löschen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Delete after 30 days</source>
   <translation>Nach 30 Tagen löschen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Delete after 7 days</source>
   <translation>Nach 7 Tagen löschen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Delete permanently</source>
   <translation>Endgültig löschen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Delete permanently…</source>
   <translation>Endgültig löschen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Delete the arena</source>
   <translation>Arena löschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Delete the comparison</source>
   <translation>Vergleich löschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Delete the unpacked copy of {name}? This frees {size}. The GGUF file stays.</source>
   <translation>Die entpackte Kopie von {name} löschen? Das gibt {size} frei. Die GGUF-Datei bleibt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Delete when the run completes</source>
   <translation>Löschen, sobald der Lauf abgeschlossen ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Delete {name}</source>
   <translation>{name} löschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Delete {name} from this computer</source>
   <translation>{name} von diesem Computer löschen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Delete {name} permanently? This can't be undone.</source>
   <translation>{name} endgültig löschen? Das lässt sich nicht rückgängig machen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Delete {name}? This frees {size}. You can download it again.</source>
   <translation>{name} löschen? Das gibt {size} frei. Sie können es wieder herunterladen.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Delete {n} items permanently? This can't be undone.</source>
   <translation>
    <numerusform>{n} Eintrag endgültig löschen? Das lässt sich nicht rückgängig machen.</numerusform>
    <numerusform>{n} Einträge endgültig löschen? Das lässt sich nicht rückgängig machen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Deleted</source>
   <translation>Gelöscht</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Deleted items can be restored here.</source>
   <translation>Gelöschtes lässt sich hier wiederherstellen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Deleted items stay here for {days} days.</source>
   <translation>Gelöschtes bleibt {days} Tage hier.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Deleted {name} and freed {size}.</source>
   <translation>{name} ist gelöscht. {size} wurden frei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Detected from the column's name</source>
   <translation>Am Spaltennamen erkannt</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Difference</source>
   <translation>Unterschied</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Disk use</source>
   <translation>Belegter Speicherplatz</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Disk use…</source>
   <translation>Belegter Speicherplatz…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>Dismiss</source>
   <translation>Ausblenden</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Does not fit: {needed} of {available}</source>
   <translation>Passt nicht: {needed} von {available}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Done</source>
   <translation>Fertig</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Download and check</source>
   <translation>Herunterladen und prüfen</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>Download and start</source>
   <translation>Herunterladen und starten</translation>
  </message>
  <message>
   <location filename="../../gui/workers/summarizer.py" />
   <source>Downloading the base model</source>
   <translation>Basismodell wird heruntergeladen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Downloads</source>
   <translation>Downloads</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Draft</source>
   <translation>Entwurf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Draft all</source>
   <translation>Alle entwerfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Drafts</source>
   <translation>Entwürfe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Drafts &amp;by</source>
   <translation>Entwürfe &amp;von</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Drafts by</source>
   <translation>Entwürfe von</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Drafts for {name}</source>
   <translation>Entwürfe für {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Dropped</source>
   <translation>Hineingezogen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Each gain is over the run's own base model; shown: {first}.</source>
   <translation>Jeder Gewinn bezieht sich auf das Basismodell des Laufs; gezeigt: {first}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Each method trains this long, or until its epochs are done.</source>
   <translation>Jedes Verfahren trainiert so lange oder bis zum Ende seiner Epochen.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Earlier</source>
   <translation>Früher</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Earlier summaries of {n} conversations were carried over.</source>
   <translation>
    <numerusform>Die frühere Zusammenfassung von {n} Gespräch wurde übernommen.</numerusform>
    <numerusform>Die früheren Zusammenfassungen von {n} Gesprächen wurden übernommen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Edit</source>
   <translation>Bearbeiten</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Empty the trash…</source>
   <translation>Papierkorb leeren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Empty: a private folder on the head. Or a path that all nodes share, or s3://.</source>
   <translation>Leer: ein privater Ordner auf dem Kopfknoten. Oder ein Pfad, den sich alle Knoten teilen, oder s3://.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Empty: where `tunesmith node start` puts it.</source>
   <translation>Leer: wo `tunesmith node start` sie ablegt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Encoder block × {count}</source>
   <translation>Encoder-Block × {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Encoder block, {touched} of {count}</source>
   <translation>Encoder-Block, {touched} von {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Enter one.</source>
   <translation>Geben Sie eine an.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Enter owner/name.</source>
   <translation>Ein Adapter auf dem Hub heißt besitzer/name.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Entries appear here when their runs end.</source>
   <translation>Jeder Eintrag erscheint hier, wenn sein Lauf zu Ende ist.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Entry</source>
   <translation>Eintrag</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Epoch</source>
   <translation>Epoche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Estimating the time…</source>
   <translation>Wird berechnet, wie lange das dauert…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Evaluate now</source>
   <translation>Jetzt bewerten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Evaluation</source>
   <translation>Bewertung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Everything is installed</source>
   <translation>Alles ist installiert</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Everything is installed. {n} notices</source>
   <translation>
    <numerusform>Alles ist installiert. {n} Hinweis</numerusform>
    <numerusform>Alles ist installiert. {n} Hinweise</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Everywhere</source>
   <translation>Überall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Exclude</source>
   <translation>Auslassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Exclude these rows</source>
   <translation>Diese Zeilen auslassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Excluded. Undo</source>
   <translation>Ausgelassen. Rückgängig</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Export as CSV…</source>
   <translation>Als CSV exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Export as a zip file</source>
   <translation>Als ZIP-Datei exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Export good summaries</source>
   <translation>Gute Zusammenfassungen exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Export good summaries as training data</source>
   <translation>Gute Zusammenfassungen als Trainingsdaten exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Export good summaries…</source>
   <translation>Gute exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Export preference pairs</source>
   <translation>Präferenzpaare exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Export preference pairs…</source>
   <translation>Präferenzpaare exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Export rows</source>
   <translation>Zeilen exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Export the conversations</source>
   <translation>Gespräche exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Export the losses</source>
   <translation>Verluste exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_controller.py" />
   <source>Export the summaries</source>
   <translation>Zusammenfassungen exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Export these rows as CSV…</source>
   <translation>Diese Zeilen als CSV exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Exported model folder</source>
   <translation>Ordner, in den er als einfaches Modell exportiert wurde</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Exported to {name}, {size}.</source>
   <translation>Exportiert nach {name}, {size}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Exported to {place}.</source>
   <translation>Exportiert nach {place}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Exporting {name}</source>
   <translation>{name} wird exportiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Exports</source>
   <translation>Exporte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Export…</source>
   <translation>Exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_form.py" />
   <source>Far from the preset, {rate}</source>
   <translation>Weit entfernt von der Voreinstellung {rate}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Feed-forward</source>
   <translation>Feed-forward</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Fewer choices</source>
   <translation>Weniger Auswahl</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Fewer options</source>
   <translation>Weniger Optionen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Figure on the horizontal axis</source>
   <translation>Größe auf der waagrechten Achse</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Figure on the vertical axis</source>
   <translation>Größe auf der senkrechten Achse</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>File</source>
   <translation>Datei</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>File of a base model</source>
   <translation>Datei eines Basismodells</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>File of summaries</source>
   <translation>Datei mit Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>File with the token</source>
   <translation>Datei mit dem Token</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>File, folder, or Hugging Face data set</source>
   <translation>Datei, Ordner, oder Hugging-Face-Datensatz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Files</source>
   <translation>Dateien</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Files are unchanged</source>
   <translation>Die Dateien sind unverändert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Files that can be read</source>
   <translation>Dateien, die gelesen werden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Files, chats, the hub</source>
   <translation>Dateien, Chats, der Hub</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Files…</source>
   <translation>Dateien…</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>File…</source>
   <translation>Datei…</translation>
  </message>
  <message>
   <location filename="../../gui/shell/palette.py" />
   <source>Find</source>
   <translation>Suchen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Find an action, setting, page, run or help topic</source>
   <translation>Aktion, Einstellung, Seite, Lauf oder Hilfethema suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Find out whether it beats its base model.</source>
   <translation>Finden Sie heraus, ob er besser ist als sein Basismodell.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Find plans that fit</source>
   <translation>Passende Pläne suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Findings</source>
   <translation>Befunde</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Findings ({count})</source>
   <translation>Befunde ({count})</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Finish</source>
   <translation>Abschließen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Finish {data}</source>
   <translation>{data} fertigstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>Finished summaries are saved.</source>
   <translation>Fertige Zusammenfassungen bleiben erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Finishing the current work ({time}).</source>
   <translation>Die laufende Arbeit wird beendet, bisher {time}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Finishing the step ({time}).</source>
   <translation>Der Schritt wird beendet, {time}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>First</source>
   <translation>Die ersten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>First rows, unchanged</source>
   <translation>Erste Zeilen, unverändert</translation>
  </message>
  <message>
   <location filename="../../gui/shell/rooms.py" />
   <source>First-run guide</source>
   <translation>Einführung</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Fits in 4 bits (NF4)</source>
   <translation>Passt in 4 Bit (NF4)</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Fits in {format}</source>
   <translation>Passt in {format}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Fix the recipe on the Train page first.</source>
   <translation>Beheben Sie zuerst die Probleme des Rezepts auf der Seite „Trainieren“.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Folder of a base model</source>
   <translation>Ordner eines Basismodells</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Folder of split files</source>
   <translation>Ordner mit aufgeteilten Dateien</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Folder of the plain model</source>
   <translation>Ordner des einfachen Modells</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Folder…</source>
   <translation>Ordner…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Follow</source>
   <translation>Verfolgen</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Follow system</source>
   <translation>Wie das System</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For CTranslate2</source>
   <translation>Für CTranslate2</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For CTranslate2, in 8 bits</source>
   <translation>Für CTranslate2, in 8 Bit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For Ollama, in 4 bits</source>
   <translation>Für Ollama, in 4 Bit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For Ollama, in 8 bits</source>
   <translation>Für Ollama, in 8 Bit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>For a terminal</source>
   <translation>Für ein Terminal</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For llama.cpp and LM Studio, in 4 bits</source>
   <translation>Für llama.cpp und LM Studio, in 4 Bit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>For llama.cpp and LM Studio, in 8 bits</source>
   <translation>Für llama.cpp und LM Studio, in 8 Bit</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>For new runs, also when you log out. A recipe can override this.</source>
   <translation>Für neue Läufe, auch beim Abmelden. Ein Rezept kann es anders festlegen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force</source>
   <translation>Erzwingen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force ends the run now and loses its training.</source>
   <translation>„Erzwingen“ beendet den Lauf sofort und verliert das Training.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force ends the run now and loses the steps after step {step}.</source>
   <translation>„Erzwingen“ beendet den Lauf sofort und verliert die Schritte nach Schritt {step}.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Forgetting</source>
   <translation>Vergessen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Found on the hub</source>
   <translation>Auf dem Hub gefunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Four trained vectors before the text</source>
   <translation>Vier trainierte Vektoren vor dem Text</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Fraction of differing words between the two most different adapters</source>
   <translation>Anteil verschiedener Wörter zwischen den beiden unterschiedlichsten Adaptern</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Fraction of differing words between the two summaries</source>
   <translation>Anteil verschiedener Wörter zwischen den beiden Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Free space</source>
   <translation>Platz freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Free space…</source>
   <translation>Platz schaffen…</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Free {size}</source>
   <translation>{size} freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Freed {size}.</source>
   <translation>{size} wurden entfernt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Frees the base model's memory.</source>
   <translation>Gibt den Speicher des Basismodells frei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>From a folder…</source>
   <translation>Aus einem Ordner…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>From a zip file…</source>
   <translation>Aus einer ZIP-Datei…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>From the history</source>
   <translation>Aus dem Verlauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>From the hub</source>
   <translation>Vom Hub</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>From the hub…</source>
   <translation>Vom Hub…</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_files.py" />
   <source>From the preset “{name}”</source>
   <translation>Aus der Vorlage „{name}“</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>From {name}</source>
   <translation>Aus {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>From {source}</source>
   <translation>Quelle: {source}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>From {source}, started {moment}</source>
   <translation>Quelle: {source}, begonnen: {moment}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Full</source>
   <translation>Voll</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Full screen</source>
   <translation>Vollbild</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Further metrics</source>
   <translation>Weitere Metriken</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Further scores and facts</source>
   <translation>Weitere Wertungen und Angaben</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>GGUF files (*.gguf)</source>
   <translation>GGUF-Dateien (*.gguf)</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>GGUF file…</source>
   <translation>GGUF-Datei …</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>GPUs</source>
   <translation>GPUs</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Gain</source>
   <translation>Gewinn</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Go</source>
   <translation>Gehe zu</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Go to the first method found</source>
   <translation>Zum ersten gefundenen Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Gradients</source>
   <translation>Gradienten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Greedy</source>
   <translation>Greedy</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Head to head</source>
   <translation>Nachbarn in der Tabelle</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Help</source>
   <translation>Hilfe</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>Here: chat format</source>
   <translation>Hier: Chat-Format</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>Here: plain</source>
   <translation>Hier: einfach</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>Here: {limit} tokens</source>
   <translation>Hier: {limit} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Hide</source>
   <translation>Verbergen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Hide list</source>
   <translation>Liste ausblenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Hide the summaries of {count} parts</source>
   <translation>Zusammenfassungen von {count} Teilen verbergen</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>High</source>
   <translation>Hoch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Higher is better.</source>
   <translation>Höher ist besser.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>History</source>
   <translation>Verlauf</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Home</source>
   <translation>Übersicht</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Hours of silence before a new conversation in chat exports.</source>
   <translation>Stunden der Stille vor einem neuen Gespräch in Chatexporten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>If the first rows look wrong, try another.</source>
   <translation>Wenn die ersten Zeilen falsch aussehen, versuchen Sie eine andere.</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>If the window crashes</source>
   <translation>Wenn das Fenster abstürzt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import</source>
   <translation>Importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import from a folder</source>
   <translation>Aus einem Ordner importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import from a zip file</source>
   <translation>Aus einer ZIP-Datei importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import from the hub</source>
   <translation>Vom Hub importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Import options</source>
   <translation>Weitere Spalten, Kodierung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Imported</source>
   <translation>Importiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Imported {name}.</source>
   <translation>{name} importiert.</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>Imported, not scored yet</source>
   <translation>Importiert, noch nicht bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Importing {name}</source>
   <translation>{name} wird importiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Import…</source>
   <translation>Importieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>In a few minutes you see the loss fall and the summaries improve. Everything stays on this computer.</source>
   <translation>In wenigen Minuten sehen Sie den Verlust fallen und die Zusammenfassungen besser werden. Alles bleibt auf diesem Computer.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>In a queue</source>
   <translation>In einer Warteschlange</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>In forms</source>
   <translation>In Formularen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>In its storage: {kept}.</source>
   <translation>In seinem Speicher: {kept}.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>In lists</source>
   <translation>In Listen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>In recipes</source>
   <translation>In Rezepten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>In short</source>
   <translation>Kurz gesagt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>In the order of the source.</source>
   <translation>In der Reihenfolge der Quelle.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>In the queue</source>
   <translation>In der Warteschlange</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>In the queue: {why}</source>
   <translation>In der Warteschlange: {why}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Included</source>
   <translation>Mitgeliefert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Included with Tunesmith</source>
   <translation>In Tunesmith enthalten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Incompatible</source>
   <translation>Passt nicht</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Insert {place}</source>
   <translation>{place} einfügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>Install Tunesmith again.</source>
   <translation>Installieren Sie Tunesmith neu.</translation>
  </message>
  <message>
   <location filename="../../gui/models/score_table.py" />
   <source>Interval</source>
   <translation>Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Intervals of a difference: better, no measurable difference, worse</source>
   <translation>Intervalle eines Unterschieds: besser, kein messbarer Unterschied, schlechter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>It ended early and can be resumed.</source>
   <translation>Er endete vorzeitig und lässt sich fortsetzen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>It is paused; its process keeps running.</source>
   <translation>Er ist pausiert; sein Prozess läuft weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>It is still here when you reopen Tunesmith.</source>
   <translation>Er ist noch da, wenn Sie Tunesmith wieder öffnen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>It needs about {needed}; {available} is available.</source>
   <translation>Er braucht etwa {needed}; {available} sind verfügbar.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Its run stays in All runs.</source>
   <translation>Sein Lauf bleibt unter „Alle Läufe“.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Its saved entry is damaged.</source>
   <translation>Was davon gespeichert war, ist beschädigt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Its size is {size}.</source>
   <translation>Er belegt {size}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>JSON lines (*.jsonl)</source>
   <translation>JSON-Zeilen (*.jsonl)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>JSON lines (*.jsonl);;All files (*)</source>
   <translation>JSON-Zeilen (*.jsonl);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>JSON lines, a table with a header row, or an exported chat.</source>
   <translation>JSON-Zeilen, eine Tabelle mit Kopfzeile oder ein exportierter Chat.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Keep training</source>
   <translation>Weitertrainieren</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/shortcuts_sheet.py" />
   <source>Keys</source>
   <translation>Tastenkürzel</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Kind</source>
   <translation>Art</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Known chats and transcripts</source>
   <translation>Bekannte Chats und Mitschriften</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Largest drop</source>
   <translation>Größter Rückgang</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Largest gain</source>
   <translation>Größter Gewinn</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Last edited</source>
   <translation>Zuletzt bearbeitet</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Last evaluation {loss}.</source>
   <translation>Letzte Bewertung {loss}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Last lines of the log</source>
   <translation>Letzte Zeilen des Protokolls</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Later</source>
   <translation>Später</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/cards.py" />
   <source>Learning</source>
   <translation>Lernen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Length</source>
   <translation>Länge</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Library</source>
   <translation>Bibliothek</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Library versions</source>
   <translation>Bibliotheken</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Licence</source>
   <translation>Lizenz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Licences</source>
   <translation>Lizenzen</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Light</source>
   <translation>Hell</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>List</source>
   <translation>Liste</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Lists base models and data that no run needs.</source>
   <translation>Listet Basismodelle und Daten auf, die kein Lauf braucht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Lists of su&amp;mmaries</source>
   <translation>&amp;Mehrere Texte je Zelle</translation>
  </message>
  <message>
   <location filename="../../gui/shell/device_meter.py" />
   <source>Load</source>
   <translation>Auslastung</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Local folder…</source>
   <translation>Lokaler Ordner…</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Log</source>
   <translation>Log</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Log of {run}</source>
   <translation>Protokoll von {run}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>Long conversations first, the hardest to summarise.</source>
   <translation>Lange Gespräche zuerst, die am schwersten zusammenzufassen sind.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Longer than typical: {least} to {most}</source>
   <translation>Länger als üblich: {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>Longest first</source>
   <translation>Längste zuerst</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>Looking for plans that fit.</source>
   <translation>Passende Pläne werden gesucht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Looking…</source>
   <translation>Sieht nach…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Loss</source>
   <translation>Verlust</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Loss after step {step}: {loss} smoothed.</source>
   <translation>Verlust nach Schritt {step}: {loss}, geglättet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Loss on general text: {before} to {after}, {change} ({verdict}).</source>
   <translation>Verlust auf allgemeinem Text: {before} auf {after}, {change} ({verdict}).</translation>
  </message>
  <message>
   <location filename="../../gui/plots/canvas.py" />
   <source>Loss plot</source>
   <translation>Verlustdiagramm</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Lower is better.</source>
   <translation>Niedriger ist besser.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>MB at peak</source>
   <translation>MB Spitze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>MB on disk</source>
   <translation>MB auf der Festplatte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Make an adapter from step {step}</source>
   <translation>Adapter aus Schritt {step} erstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Marked against</source>
   <translation>Verglichen mit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Mask</source>
   <translation>Maskieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Mask all personal data</source>
   <translation>Alle persönlichen Daten maskieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Masked. Undo</source>
   <translation>Maskiert. Rückgängig</translation>
  </message>
  <message>
   <location filename="../../gui/shell/palette.py" />
   <source>Matches</source>
   <translation>Treffer</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/arena_table.py" />
   <source>Mean of {n} seeds; the interval covers seeds and conversations.</source>
   <translation>
    <numerusform>Mittelwert von {n} Startwert; das Intervall erfasst Startwerte und Gespräche.</numerusform>
    <numerusform>Mittelwert von {n} Startwerten; das Intervall erfasst Startwerte und Gespräche.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Measuring…</source>
   <translation>Wird gemessen…</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/cards.py" />
   <source>Memory at peak</source>
   <translation>Speicherspitze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Memory by part</source>
   <translation>Speicher nach Teilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Methods</source>
   <translation>Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Methods with their presets</source>
   <translation>Verfahren, jedes mit seiner Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Minimize</source>
   <translation>Im Dock ablegen</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Minutes of training, without loading and scoring.</source>
   <translation>Minuten Training, ohne Laden und Bewerten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Model card</source>
   <translation>Modellkarte</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Model input</source>
   <translation>Eingabe des Modells</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Model input for a sample</source>
   <translation>Eingabe des Modells an einem Beispiel</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>More</source>
   <translation>Mehr</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>More actions for: {finding}</source>
   <translation>Weitere Aktionen für: {finding}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>More entries for {arena}</source>
   <translation>Weitere Einträge für {arena}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>More for all adapters</source>
   <translation>Mehr für alle Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>More for runs</source>
   <translation>Mehr zu Läufen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>More than {least}, at most {most}.</source>
   <translation>Mehr als {least}, höchstens {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>More than {least}, below {most}.</source>
   <translation>Mehr als {least}, unter {most}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>More than {least}.</source>
   <translation>Mehr als {least}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Most different</source>
   <translation>Größter Unterschied</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Move to the trash, or remove</source>
   <translation>In den Papierkorb, oder entfernen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Moved the comparison to the trash.</source>
   <translation>Der Vergleich ist im Papierkorb.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Moved {arena} to the trash. Its runs and adapters stay.</source>
   <translation>{arena} liegt im Papierkorb. Läufe und Adapter bleiben.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Moved {name} to the trash.</source>
   <translation>{name} in den Papierkorb verschoben.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Moved {n} adapters to the trash.</source>
   <translation>
    <numerusform>{n} Adapter in den Papierkorb gelegt.</numerusform>
    <numerusform>{n} Adapter in den Papierkorb gelegt.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Moved {n} runs to the trash.</source>
   <translation>
    <numerusform>{n} Lauf in den Papierkorb verschoben.</numerusform>
    <numerusform>{n} Läufe in den Papierkorb verschoben.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Name</source>
   <translation>Name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Name of the preset</source>
   <translation>Name der Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Name of the template</source>
   <translation>Name der Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Name, or owner/name on the hub</source>
   <translation>Name, oder Besitzer/Name auf dem Hub</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Name: what they say</source>
   <translation>Name: was gesagt wird</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Names can't be recognised in this script.</source>
   <translation>In dieser Schrift sind Namen nicht erkennbar.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Needs Tunesmith with Ray: run `tunesmith node start` there.</source>
   <translation>Braucht Tunesmith mit Ray: Führen Sie dort `tunesmith node start` aus.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Needs too much memory</source>
   <translation>Braucht zu viel Speicher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Neither higher nor lower is better.</source>
   <translation>Weder höher noch niedriger ist besser.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>New arena</source>
   <translation>Neue Arena</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>New arena…</source>
   <translation>Neue Arena…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>New here?</source>
   <translation>Neu hier?</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>New run</source>
   <translation>Neuer Lauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>New run from these settings</source>
   <translation>Neuer Lauf mit diesen Einstellungen</translation>
  </message>
  <message>
   <location filename="../../gui/shell/rooms.py" />
   <source>New run, all runs, history</source>
   <translation>Neuer Lauf, alle Läufe, Verlauf</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Next</source>
   <translation>Weiter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Next conversation, without changing this one</source>
   <translation>Nächstes Gespräch, ohne dieses zu ändern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Next evaluation at step {step}</source>
   <translation>Nächste Bewertung bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Next row</source>
   <translation>Nächste Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Next steps</source>
   <translation>Nächste Schritte</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Next tab</source>
   <translation>Nächster Reiter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>No adapter found</source>
   <translation>Kein Adapter gefunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>No adapter was created</source>
   <translation>Es entstand kein Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>No adapter yet</source>
   <translation>Kein Adapter neben dem Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>No adapters yet</source>
   <translation>Noch keine Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/parts.py" />
   <source>No adapters yet. Train or import one.</source>
   <translation>Noch keine Adapter. Trainieren oder importieren Sie einen.</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/file_dialogs.py" />
   <source>No application can open {path}.</source>
   <translation>Hier gibt es kein Programm, das {path} öffnet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>No arena yet</source>
   <translation>Noch keine Arena</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>No blind comparison yet</source>
   <translation>Noch kein Blindvergleich</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>No blind votes.</source>
   <translation>Keine Blindstimmen dazu.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>No conversation found</source>
   <translation>Kein Gespräch gefunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>No conversation yet</source>
   <translation>Noch kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>No conversations loaded</source>
   <translation>Noch keine Daten geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>No conversations to summarise</source>
   <translation>Keine Gespräche zum Zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>No conversations yet</source>
   <translation>Noch keine Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>No day and month names for this language.</source>
   <translation>Tage und Monate dieser Sprache sind nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>No difference</source>
   <translation>Kein Unterschied</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>No download</source>
   <translation>Kein Download</translation>
  </message>
  <message>
   <location filename="../../gui/plots/scatter.py" />
   <source>No entry beats {names}</source>
   <translation>Kein Eintrag übertrifft {names}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>No entry is scored yet</source>
   <translation>Noch kein Eintrag ist bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/plots/curves.py" />
   <source>No entry is selected.</source>
   <translation>Kein Eintrag ist gewählt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>No limit</source>
   <translation>Keine Grenze</translation>
  </message>
  <message>
   <location filename="../../gui/shell/palette.py" />
   <source>No matches.</source>
   <translation>Keine Treffer.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>No measurable difference between {first} and {second}</source>
   <translation>Kein messbarer Unterschied zwischen {first} und {second}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>No method or variant is called “{name}”.</source>
   <translation>Kein Verfahren und keine Variante heißt „{name}“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>No other computer yet</source>
   <translation>Noch kein anderer Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>No problems found.</source>
   <translation>Keine Befunde.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>No reference summary.</source>
   <translation>Keine Referenzzusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>No row chosen</source>
   <translation>Keine Zeile gewählt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>No run found. Change the search, or show all.</source>
   <translation>Kein Lauf gefunden. Ändern Sie die Suche, oder zeigen Sie alle.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>No scores per conversation</source>
   <translation>Keine Wertungen je Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>No setting found.</source>
   <translation>Keine Einstellung gefunden.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>No source yet.</source>
   <translation>Noch keine Quelle.</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>No step yet.</source>
   <translation>Noch kein Schritt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>No summary yet</source>
   <translation>Noch keine Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>No text yet</source>
   <translation>Noch kein Text</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>No topic found</source>
   <translation>Kein Thema gefunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>None</source>
   <translation>Keine</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>None is uploaded.</source>
   <translation>Keines wird gesendet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>None: compare with its base model</source>
   <translation>Keine: mit dem Basismodell vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Not accepted yet: {author}</source>
   <translation>Noch nicht angenommen: {author}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Not accepted. Saved as you type</source>
   <translation>Nicht angenommen. Beim Tippen gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Not checked</source>
   <translation>Noch nicht gefragt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Not checked yet</source>
   <translation>Noch nicht geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Not compared</source>
   <translation>Nicht verglichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>Not compared with the base model.</source>
   <translation>Nicht mit dem Basismodell verglichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Not in conversation</source>
   <translation>Nicht im Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Not in the conversation: {named}</source>
   <translation>Nicht im Gespräch: {named}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Not scored yet</source>
   <translation>Noch nicht bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Not started yet</source>
   <translation>Noch nicht gestartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Not written yet</source>
   <translation>Noch nicht geschrieben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>Note</source>
   <translation>Notiz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>Note: {note}</source>
   <translation>Notiz: {note}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Notes</source>
   <translation>Notizen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Nothing else to compare with</source>
   <translation>Nichts anderes zum Vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Nothing found. Search the hub, or clear the field.</source>
   <translation>Nichts gefunden. Suchen Sie auf dem Hub, oder leeren Sie das Feld.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Nothing is running.</source>
   <translation>Zurzeit rechnet nichts.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Nothing is trained, so the seed doesn't matter.</source>
   <translation>Nichts wird trainiert, also ist der Startwert gleich.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Nothing is waiting</source>
   <translation>Nichts wartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Nothing to clean up.</source>
   <translation>Es liegt nichts dort, was entfernt werden könnte.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Nothing to compare</source>
   <translation>Nichts zu vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Nothing to compare yet</source>
   <translation>Noch nichts zu vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Nothing to delete: every checkpoint belongs to a resumable run.</source>
   <translation>Nichts zu löschen: Jeder Prüfpunkt gehört zu einem fortsetzbaren Lauf.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Nothing to free</source>
   <translation>Nichts freizugeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Nothing trained yet</source>
   <translation>Noch nichts trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Notice</source>
   <translation>Hinweis</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Now</source>
   <translation>Jetzt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Number of conversations</source>
   <translation>Anzahl der Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>OK</source>
   <translation>In Ordnung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Ollama</source>
   <translation>Ollama</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Ollama has it: ollama run {name}</source>
   <translation>Ollama hat es: ollama run {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>On average, ROUGE-1 rose on {rose}, fell on {fell}, unchanged on {stayed}.</source>
   <translation>Im Mittel stieg ROUGE-1 bei {rose}, fiel bei {fell}, blieb gleich bei {stayed}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>On this computer</source>
   <translation>Auf diesem Computer</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>On this page</source>
   <translation>Auf dieser Seite</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>On {node}: {kept}.</source>
   <translation>Auf {node}: {kept}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>One</source>
   <translation>Eines</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>One conversation</source>
   <translation>Ein Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>One conversation, so no interval</source>
   <translation>Ein Gespräch, daher kein Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>One of several</source>
   <translation>Eines von mehreren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>One of the references</source>
   <translation>Eine der Referenzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>One of {choices}.</source>
   <translation>Zur Wahl: {choices}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>One prompt for every column instead of each adapter's own</source>
   <translation>Ein Prompt für alle Spalten statt des eigenen jedes Adapters</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Only differences</source>
   <translation>Nur Unterschiede</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Only fully scored runs on the same conversations have them.</source>
   <translation>Es gibt sie nur von fertig bewerteten Läufen mit denselben Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Only one job can run at a time. Wait, or cancel it.</source>
   <translation>Es kann nur ein Auftrag laufen. Warten Sie, oder brechen Sie ihn ab.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Only one seed, so the spread is unknown.</source>
   <translation>Nur ein Startwert: Seine Streuung ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Only {size} is available.</source>
   <translation>Nur {size} sind verfügbar.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Open</source>
   <translation>Öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Open a conversation</source>
   <translation>Gespräch öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Open a recipe</source>
   <translation>Rezept öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Open a text file…</source>
   <translation>Textdatei öffnen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Open alone</source>
   <translation>Einzeln öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_controller.py" />
   <source>Open conversations</source>
   <translation>Gespräche öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Open files of conversations, or drop them here.</source>
   <translation>Öffnen Sie Dateien mit Gesprächen, oder ziehen Sie sie hierher.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Open files…</source>
   <translation>Dateien öffnen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Open folder</source>
   <translation>Ordner öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/app.py" />
   <source>Open log folder</source>
   <translation>Protokollordner öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Open page</source>
   <translation>Seite öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/core/file_opening.py" />
   <source>Open recipe {name}</source>
   <translation>Rezept {name} öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>Open recipe…</source>
   <translation>Rezept öffnen…</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Open the adapters folder</source>
   <translation>Ordner der Adapter öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Open the first-run guide</source>
   <translation>Die Einführung öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Open the log folder</source>
   <translation>Protokollordner öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Open the run</source>
   <translation>Lauf öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Open the run's folder</source>
   <translation>Ordner des Laufs öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Open the runs folder</source>
   <translation>Ordner der Läufe öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Open the sample</source>
   <translation>Beispieldaten öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>Open these conversations again and choose “Draft all”.</source>
   <translation>Öffnen Sie diese Gespräche wieder und wählen Sie „Alle entwerfen“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Open verdict</source>
   <translation>Urteil öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Open…</source>
   <translation>Öffnen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Origin</source>
   <translation>Herkunft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>Original order</source>
   <translation>Wie vorgegeben</translation>
  </message>
  <message>
   <location filename="../../gui/shell/rooms.py" />
   <source>Other computers</source>
   <translation>Andere Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>Other conversations are being drafted.</source>
   <translation>Gerade werden andere Gespräche bearbeitet.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Other run files</source>
   <translation>Übrige Dateien der Läufe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/summary_requests.py" />
   <source>Other work needed the device.</source>
   <translation>Das Gerät wurde für andere Arbeit gebraucht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>P&amp;ause in a chat</source>
   <translation>P&amp;ause im Chat</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Page</source>
   <translation>Seite</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>Parallel lists of texts and speakers</source>
   <translation>Parallele Listen von Texten und Sprechern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Paste</source>
   <translation>Einfügen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Paste a conversation</source>
   <translation>Gespräch einfügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>Paste a conversation, open a file, or pick a sample.</source>
   <translation>Fügen Sie ein Gespräch ein, öffnen Sie eine Datei, oder wählen Sie ein Beispiel.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Paste a reference summary to see it.</source>
   <translation>Fügen Sie eine Referenzzusammenfassung ein, um es zu sehen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Paste one to see ROUGE and chrF</source>
   <translation>Für ROUGE und chrF eine einfügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Paste one, drop a file, or pick a sample.</source>
   <translation>Fügen Sie eines ein, ziehen Sie eine Datei hierher, oder wählen Sie ein Beispiel.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Pasted</source>
   <translation>Eingefügt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Paste…</source>
   <translation>Einfügen…</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Pause</source>
   <translation>Pausieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Pause and free the device</source>
   <translation>Pausieren und Gerät freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Pause and release memory</source>
   <translation>Pausieren und Speicher freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Pause it to try summaries now, or wait {time}.</source>
   <translation>Pausieren Sie ihn, um jetzt Zusammenfassungen zu versuchen, oder warten Sie {time}.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Pause it to try summaries now, or wait.</source>
   <translation>Pausieren Sie ihn, um jetzt Zusammenfassungen zu versuchen, oder warten Sie.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Pause options</source>
   <translation>Pause-Optionen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Pause queue</source>
   <translation>Warteschlange pausieren</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Pause training and try now</source>
   <translation>Training pausieren und jetzt probieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Pause, keep the model loaded</source>
   <translation>Pausieren, Modell geladen lassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Pausing after this step, then saving a checkpoint</source>
   <translation>Pausiert nach diesem Schritt und speichert dann einen Prüfpunkt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Personal data: {found}.</source>
   <translation>Persönliche Daten: {found}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Pick a conversation</source>
   <translation>Gespräch wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Pick a sample</source>
   <translation>Beispiel wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Plain model</source>
   <translation>Einfaches Modell</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/cards.py" />
   <source>Plan</source>
   <translation>Plan</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Playground</source>
   <translation>Werkbank</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Playground conversations</source>
   <translation>Gespräche der Werkbank</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Preferred</source>
   <translation>Bevorzugt</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Preferred in {mean} of blind votes, {low} to {high}: {wins} won, {ties} tied, {losses} lost</source>
   <translation>In {mean} der Blindstimmen vorgezogen, {low} bis {high}: {wins} gewonnen, {ties} gleich gut, {losses} verloren</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Preferred, blind votes</source>
   <translation>Vorgezogen, blind</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>Preset</source>
   <translation>Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Presets</source>
   <translation>Vorlagen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Previous conversation</source>
   <translation>Voriges Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Previous row</source>
   <translation>Vorige Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Previous tab</source>
   <translation>Voriger Reiter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Private</source>
   <translation>Privat</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Private: only its owner and people they invite.</source>
   <translation>Privat: nur der Eigentümer und wen er einlässt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Problem</source>
   <translation>Problem</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Program</source>
   <translation>Programm</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Prompt</source>
   <translation>Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Prompt in use</source>
   <translation>Verwendeter Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Prompt template</source>
   <translation>Prompt-Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>Prompt:</source>
   <translation>Prompt:</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Public</source>
   <translation>Öffentlich</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Public: everyone can see and use it.</source>
   <translation>Öffentlich: Alle können es sehen und verwenden.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Quality against cost</source>
   <translation>Qualität gegen Aufwand</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>Quantized bases</source>
   <translation>Quantisierte Basis</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Quantized layers take {bits} bits per parameter, with scales.</source>
   <translation>Quantisierte Schichten brauchen {bits} Bit je Parameter, mit Skalen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Queue</source>
   <translation>Warteschlange</translation>
  </message>
  <message>
   <location filename="../../gui/shell/device_meter.py" />
   <source>Queue and computers</source>
   <translation>Warteschlange und Computer</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>Queue…</source>
   <translation>Warteschlange …</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Quit</source>
   <translation>Beenden</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Quit (asks during a run)</source>
   <translation>Beenden (fragt während eines Laufs)</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Quit Tunesmith</source>
   <translation>Tunesmith beenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>ROUGE-1 and chrF on one conversation with a reference, so no interval.</source>
   <translation>ROUGE-1 und chrF auf einem Gespräch mit Referenz, daher kein Intervall.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>ROUGE-1 and chrF, mean and 95 % interval, on {count} conversations with a reference.</source>
   <translation>ROUGE-1 und chrF, Mittel und 95-%-Intervall, auf {count} Gesprächen mit Referenz.</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>ROUGE-1 base {score}</source>
   <translation>ROUGE-1 Basis {score}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>ROUGE-1 differs by &lt;b&gt;{points} points&lt;/b&gt;, {interval}.</source>
   <translation>ROUGE-1 unterscheidet sich um &lt;b&gt;{points} Punkte&lt;/b&gt;, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>ROUGE-1 of the base {base}, gains {least} to {most}</source>
   <translation>ROUGE-1 der Basis {base}, Gewinn {least} bis {most}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/plots/loss_plot.py" />
   <source>ROUGE-1 on the first {n} validation conversations</source>
   <translation>
    <numerusform>ROUGE-1 auf dem ersten Validierungsgespräch</numerusform>
    <numerusform>ROUGE-1 auf den ersten {n} Validierungsgesprächen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>ROUGE-1 on {count}</source>
   <translation>ROUGE-1 auf {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>ROUGE-1 rose on {rose}, fell on {fell}, unchanged on {stayed}.</source>
   <translation>ROUGE-1 stieg bei {rose}, fiel bei {fell}, blieb gleich bei {stayed}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>ROUGE-1 {base} to {tuned}, {gain} points</source>
   <translation>ROUGE-1 von {base} auf {tuned}, {gain} Punkte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>ROUGE-1 {score}</source>
   <translation>ROUGE-1 {score}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>ROUGE-1 {score}. {verdict}</source>
   <translation>ROUGE-1 {score}. {verdict}</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>ROUGE-1, 95 % interval</source>
   <translation>ROUGE-1, 95-%-Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>ROUGE-1, dashed: base</source>
   <translation>ROUGE-1, gestrichelt: Basis</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Raw rows</source>
   <translation>Rohdaten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Reading scores</source>
   <translation>Wertungen werden gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Reading the models on this computer…</source>
   <translation>Die Modelle auf diesem Computer werden gelesen …</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Reading the summaries</source>
   <translation>Zusammenfassungen werden gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Reading {name}</source>
   <translation>{name} wird gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Ready</source>
   <translation>Bereit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Recent adapters</source>
   <translation>Neueste Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Recently used</source>
   <translation>Zuletzt verwendet</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Recipe</source>
   <translation>Rezept</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Recipe differences</source>
   <translation>Unterschiede der Rezepte</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_files.py" />
   <source>Recipes (*.toml);;All files (*)</source>
   <translation>Rezepte (*.toml);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Recipe…</source>
   <translation>Rezept…</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Redo</source>
   <translation>Wiederholen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Redo: {step}</source>
   <translation>Wiederholen: {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Reference</source>
   <translation>Referenz</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Reference summary</source>
   <translation>Referenzzusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Reference summary, optional</source>
   <translation>Referenzzusammenfassung, optional</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Remove</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Remove from the arena</source>
   <translation>Aus der Arena entfernen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Remove from the queue</source>
   <translation>Aus der Warteschlange nehmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Remove them</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Remove this adapter</source>
   <translation>Diesen Adapter entfernen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Removed {entry} from the arena.</source>
   <translation>{entry} wurde aus der Arena entfernt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Removing…</source>
   <translation>Entfernt…</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Rename</source>
   <translation>Umbenennen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Rename…</source>
   <translation>Umbenennen…</translation>
  </message>
  <message>
   <location filename="../../gui/inputs/fields.py" />
   <source>Replace</source>
   <translation>Ersetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Report saved as {place}.</source>
   <translation>Der Bericht wurde als {place} gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Report…</source>
   <translation>Bericht…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Repository on the hub: owner/name</source>
   <translation>Repository auf dem Hub: owner/name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Reproduce</source>
   <translation>Reproduzieren</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Restart now</source>
   <translation>Jetzt neu starten</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Restore</source>
   <translation>Wiederherstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Results</source>
   <translation>Ergebnisse</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Resume</source>
   <translation>Fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Resume from step {step}</source>
   <translation>Ab Schritt {step} fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Resume the run</source>
   <translation>Lauf fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Resume {run}</source>
   <translation>{run} fortsetzen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Round {round}</source>
   <translation>Runde {round}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Row</source>
   <translation>Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Row {id}</source>
   <translation>Zeile {id}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Row {number} of {split}</source>
   <translation>Zeile {number} aus {split}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Row {row}</source>
   <translation>Zeile {row}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Rows</source>
   <translation>Zeilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Rows of inputs: every step drops others</source>
   <translation>Reihen von Eingaben: Jeder Schritt lässt andere aus</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Rows over both limits count twice until you check again.</source>
   <translation>Zeilen über beiden Grenzen zählen doppelt, bis Sie erneut prüfen.</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Run</source>
   <translation>Lauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Run again</source>
   <translation>Erneut starten</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Running, {share}</source>
   <translation>Läuft, {share}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Runs</source>
   <translation>Läufe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Runs: can resume</source>
   <translation>Läufe: fortsetzbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Runs: completed</source>
   <translation>Läufe: abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>S&amp;heet</source>
   <translation>&amp;Blatt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>S&amp;how</source>
   <translation>&amp;Zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>S&amp;peaker</source>
   <translation>S&amp;precher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>S&amp;ummary column</source>
   <translation>&amp;Zusammenfassungsspalte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>SSH</source>
   <translation>SSH</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Same scoring protocol</source>
   <translation>Gleiches Bewertungsprotokoll</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>Sample</source>
   <translation>Beispiel</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Sample summaries</source>
   <translation>Beispielzusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Sampling</source>
   <translation>Sampling</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Save</source>
   <translation>Speichern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Save a checkpoint now</source>
   <translation>Jetzt einen Prüfpunkt speichern</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Save as {kind}…</source>
   <translation>Als {kind} speichern…</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Save as…</source>
   <translation>Speichern unter…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Save or delete presets</source>
   <translation>Vorlagen speichern oder löschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Save recipe as…</source>
   <translation>Rezept speichern unter…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Save the conversations</source>
   <translation>Die Gespräche speichern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Save the conversations…</source>
   <translation>Gespräche speichern…</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Save the losses</source>
   <translation>Verluste speichern</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_files.py" />
   <source>Save the recipe</source>
   <translation>Rezept speichern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Save the report</source>
   <translation>Bericht speichern</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Save, rename or delete templates</source>
   <translation>Vorlagen speichern, umbenennen oder löschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Saved as {name}</source>
   <translation>Gespeichert als {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Saved as {place}. Put each summary into "prediction".</source>
   <translation>Als {place} gespeichert. Jede Zusammenfassung kommt in „prediction“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Saved to your training data in “Write summaries”.</source>
   <translation>In Ihren Trainingsdaten unter „Zusammenfassungen schreiben“ gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Saved with each vote, to combine those of several people.</source>
   <translation>Wird mit jeder Stimme gespeichert, um die mehrerer Personen zu verbinden.</translation>
  </message>
  <message>
   <location filename="../../gui/models/score_table.py" />
   <source>Score</source>
   <translation>Wertung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Score again</source>
   <translation>Erneut bewerten</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>Score now</source>
   <translation>Jetzt bewerten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Score on {data}</source>
   <translation>Bewerten mit {data}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Score {adapter}</source>
   <translation>{adapter} bewerten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Scored</source>
   <translation>Bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Scored differently</source>
   <translation>Anders bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Scored on</source>
   <translation>Bewertet auf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Scored {name}.</source>
   <translation>{name} bewertet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Scores</source>
   <translation>Wertungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Scores another system's summaries on this arena's conversations: a table with summaries and a column "id", or a text file with one summary per line, in order.</source>
   <translation>Bewertet die Zusammenfassungen eines anderen Systems auf den Gesprächen dieser Arena: eine Tabelle mit Zusammenfassungen und einer Spalte „id“, oder ein Text mit einer Zusammenfassung je Zeile, der Reihe nach.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Scores, bars from 0 to 100</source>
   <translation>Werte, Balken von 0 bis 100</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Scoring order</source>
   <translation>Wie bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Scoring {name}</source>
   <translation>{name} wird bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Scoring {name}: {share}</source>
   <translation>{name} wird bewertet: {share}</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Scroll down</source>
   <translation>Nach unten blättern</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Scroll up</source>
   <translation>Nach oben blättern</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/shortcuts_sheet.py" />
   <source>Search actions and keys</source>
   <translation>Aktionen und Tasten suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Search conversations</source>
   <translation>Gespräche suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>Search methods and variants</source>
   <translation>Verfahren und Varianten suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Search names, bases, methods, tags</source>
   <translation>Name, Basis, Verfahren, Schlagwort</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Search on this page</source>
   <translation>Auf dieser Seite suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Search runs</source>
   <translation>Läufe suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>Search settings</source>
   <translation>Einstellungen suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Search terms, methods, licences</source>
   <translation>Begriffe, Verfahren, Lizenzen suchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Search the history</source>
   <translation>Verlauf durchsuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Search the hub</source>
   <translation>Auf dem Hub suchen</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Select all</source>
   <translation>Alles auswählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Select two or more entries above.</source>
   <translation>Wählen Sie oben zwei oder mehr Einträge.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Select up to six adapters, with Ctrl or Shift</source>
   <translation>Bis zu sechs Adapter auswählen, mit Strg oder Umschalt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Self-attention</source>
   <translation>Self-Attention</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Send</source>
   <translation>Senden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Send and start</source>
   <translation>Senden und starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Send to the Hugging Face Hub</source>
   <translation>Zum Hugging Face Hub senden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Send {name} to the Hugging Face Hub</source>
   <translation>{name} zum Hugging Face Hub senden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Sending {name}</source>
   <translation>{name} wird gesendet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Sent to {where}, along with: {parts}.</source>
   <translation>Geht an {where}, zusammen mit: {parts}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Sent to {where}, without your conversations.</source>
   <translation>Geht an {where}, ohne Ihre Gespräche.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Sent {name} to {address}, private.</source>
   <translation>{name} gesendet an {address}, privat.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Sent {name} to {address}, public.</source>
   <translation>{name} gesendet an {address}, öffentlich.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Serve</source>
   <translation>Bereitstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Serve {names}</source>
   <translation>{names} bereitstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Serve…</source>
   <translation>Bereitstellen…</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Serving adapters</source>
   <translation>Bereitstellen von Adaptern</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Setting</source>
   <translation>Einstellung</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Settings</source>
   <translation>Einstellungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>Settings are locked while this run is open</source>
   <translation>Einstellungen sind gesperrt, solange dieser Lauf offen ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Settings are locked while this run waits</source>
   <translation>Einstellungen sind gesperrt, solange dieser Lauf wartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>Settings are locked while training</source>
   <translation>Schreibgeschützt, solange dieser Lauf trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Settings shown</source>
   <translation>Gezeigte Einstellungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Several</source>
   <translation>Mehrere</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Share</source>
   <translation>Teilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Shorter than typical: {least} to {most}</source>
   <translation>Kürzer als üblich: {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Show</source>
   <translation>Zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Show all</source>
   <translation>Alle zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Show all shortcuts</source>
   <translation>Alle Tastenkürzel zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Show all steps</source>
   <translation>Alle Schritte zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Show charts</source>
   <translation>Diagramme zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Show fewer</source>
   <translation>Weniger zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Show in library</source>
   <translation>In der Bibliothek zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Show list</source>
   <translation>Liste zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Show log</source>
   <translation>Protokoll zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Show recipe differences</source>
   <translation>Rezepte vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Show row</source>
   <translation>Zeile zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Show rows</source>
   <translation>Zeilen zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Show size</source>
   <translation>Größe zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Show the middle 98 %</source>
   <translation>Die mittleren 98 % zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Show the summaries of {count} parts</source>
   <translation>Zusammenfassungen von {count} Teilen zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Show what is sent</source>
   <translation>Zeigen, was gesendet wird</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Show {n} more</source>
   <translation>{n} weitere zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/text_view.py" />
   <source>Showing the first {most} of {count} characters.</source>
   <translation>Gezeigt sind die ersten {most} von {count} Zeichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Shown</source>
   <translation>Gezeigt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Shows names and results. You can continue later.</source>
   <translation>Zeigt Namen und Ergebnisse. Sie können später weitermachen.</translation>
  </message>
  <message>
   <location filename="../../gui/shell/rooms.py" />
   <source>Side by side, by conversation, blind comparison, blind votes</source>
   <translation>Nebeneinander, nach Gespräch, Blindvergleich, blinde Stimmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Six words cut into eight tokens</source>
   <translation>Sechs Wörter, zerlegt in acht Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Size</source>
   <translation>Größe</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Skip</source>
   <translation>Überspringen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Skip the guide</source>
   <translation>Einführung überspringen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Skipped</source>
   <translation>Übersprungen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Skipped, not an adapter: {reason} and {n} more.</source>
   <translation>
    <numerusform>Ausgelassen, kein Adapter: {reason}, und {n} weiterer.</numerusform>
    <numerusform>Ausgelassen, kein Adapter: {reason}, und {n} weitere.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Skipped, not an adapter: {reason}.</source>
   <translation>Ausgelassen, kein Adapter: {reason}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Skipped, not in the data set</source>
   <translation>Übersprungen, nicht im Datensatz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Skipped:</source>
   <translation>Ausgelassen:</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Skipped: {parts}.</source>
   <translation>Ausgelassen: {parts}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Small and quick, a safe choice</source>
   <translation>Klein, schnell, eine sichere Wahl</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Smoothing</source>
   <translation>Glättung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Some settings are invalid; see their fields.</source>
   <translation>Einige Einstellungen sind ungültig; siehe ihre Felder.</translation>
  </message>
  <message>
   <location filename="../../gui/app.py" />
   <source>Something went wrong: {error}. Runs keep going.</source>
   <translation>Etwas ist schiefgegangen: {error}. Läufe gehen weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Source of the conversations</source>
   <translation>Quelle der Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Speed</source>
   <translation>Tempo</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Spli&amp;t</source>
   <translation>&amp;Teil</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Split into {n} parts, {done} summarised</source>
   <translation>
    <numerusform>In {n} Teil zerlegt, {done} zusammengefasst</numerusform>
    <numerusform>In {n} Teile zerlegt, {done} zusammengefasst</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Spread between seeds</source>
   <translation>Streuung der Startwerte</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Standard</source>
   <translation>Standard</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Standard deviation over seeds {spread}: {scores}.</source>
   <translation>Standardabweichung über Startwerte {spread}: {scores}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Start</source>
   <translation>Starten</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Start a run with this recipe</source>
   <translation>Lauf mit diesem Rezept starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Start again</source>
   <translation>Neu starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Start again with this plan</source>
   <translation>Mit diesem Plan neu starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Start asks first.</source>
   <translation>„Starten“ fragt vorher.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Start comparing</source>
   <translation>Vergleich beginnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Start queue</source>
   <translation>Warteschlange starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Start serving</source>
   <translation>Bereitstellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Start the guide</source>
   <translation>Einführung beginnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Start the queue. Entries appear here when their runs end.</source>
   <translation>Starten Sie die Warteschlange. Jeder Eintrag erscheint hier, wenn sein Lauf zu Ende ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Start the run</source>
   <translation>Lauf starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Start voting</source>
   <translation>Abstimmung starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Started</source>
   <translation>Begonnen</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Started {when}</source>
   <translation>Gestartet {when}</translation>
  </message>
  <message>
   <location filename="../../gui/workers/engine_thread.py" />
   <source>Starting</source>
   <translation>Wird gestartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>State</source>
   <translation>Stand</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Stays on this computer</source>
   <translation>Bleibt auf diesem Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Step</source>
   <translation>Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Step of the samples</source>
   <translation>Schritt der Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Step {number} of {count}, {title}, done. {detail}</source>
   <translation>Schritt {number} von {count}, {title}, erledigt. {detail}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Step {number} of {count}, {title}, open. {detail}</source>
   <translation>Schritt {number} von {count}, {title}, offen. {detail}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Step {number} of {count}, {title}, to come. {detail}</source>
   <translation>Schritt {number} von {count}, {title}, folgt noch. {detail}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Stop</source>
   <translation>Stoppen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Stop after (whichever comes first)</source>
   <translation>Trainieren, bis das erste erreicht ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Stop and continue at any time.</source>
   <translation>Sie können jederzeit aufhören und weitermachen.</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Stop and save</source>
   <translation>Stoppen und sichern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Stop drafting</source>
   <translation>Entwerfen stoppen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>Stop the run</source>
   <translation>Lauf stoppen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Stopping after this step, then saving everything</source>
   <translation>Stoppt nach diesem Schritt und speichert dann alles</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Storage</source>
   <translation>Speicher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Summaries ({endings});;All files (*)</source>
   <translation>Zusammenfassungen ({endings});;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Summaries for {arena}</source>
   <translation>Zusammenfassungen für {arena}</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Summaries of {name}</source>
   <translation>Zusammenfassungen von {name}</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Summarise</source>
   <translation>Zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Summarise a conversation in the playground first.</source>
   <translation>Fassen Sie zuerst ein Gespräch in der Werkbank zusammen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Summarise in parts</source>
   <translation>In Teilen zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Summarise it in the playground</source>
   <translation>In der Werkbank zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Summarise parts that fit the limit, then their summaries. Otherwise the end is cut off.</source>
   <translation>Teile zusammenfassen, die in die Grenze passen, und dann deren Zusammenfassungen. Sonst wird das Ende abgeschnitten.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>Summarised in {n} parts:</source>
   <translation>
    <numerusform>In {n} Teil zusammengefasst:</numerusform>
    <numerusform>In {n} Teilen zusammengefasst:</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Summary at step {step}</source>
   <translation>Zusammenfassung bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Summary length</source>
   <translation>Zusammenfassungslänge</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Summary of the base model</source>
   <translation>Zusammenfassung des Basismodells</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Summary with this prompt</source>
   <translation>Zusammenfassung mit diesem Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>Summary {number}</source>
   <translation>Zusammenfassung {number}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Swap</source>
   <translation>Tauschen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Swap the two columns.</source>
   <translation>Die Zusammenfassung als Gespräch nehmen und das Gespräch als Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>T&amp;urn text</source>
   <translation>Be&amp;itragstext</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Table (*.csv)</source>
   <translation>Tabelle (*.csv)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Tables (*.csv);;All files (*)</source>
   <translation>Tabellen (*.csv);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Tags</source>
   <translation>Schlagwörter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Tags, separated by commas</source>
   <translation>Schlagwörter, durch Kommas getrennt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Teach a model to summarise your conversations</source>
   <translation>Bringen Sie einem Modell bei, Ihre Gespräche zusammenzufassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Terms</source>
   <translation>Begriffe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>Test ({count})</source>
   <translation>Test ({count})</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;All files (*)</source>
   <translation>Texte und Mitschriften (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Text size</source>
   <translation>Schriftgröße</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>The adapter is no longer in the library.</source>
   <translation>Der Adapter ist nicht mehr in der Bibliothek.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>The adapter is saved</source>
   <translation>Der Adapter ist gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>The base model is scored first, to show the gain.</source>
   <translation>Das Basismodell wird zuerst bewertet, um den Gewinn zu zeigen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>The bundled conversations are missing.</source>
   <translation>Die mitgelieferten Gespräche fehlen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column or key of a turn's text.</source>
   <translation>Die Spalte oder der Schlüssel des Textes eines Beitrags.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column or key of the speaker.</source>
   <translation>Die Spalte oder der Schlüssel des Sprechers.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with conversation ids.</source>
   <translation>Die Spalte mit den Gesprächs-IDs.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with ids.</source>
   <translation>Die Spalte mit den IDs.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with splits.</source>
   <translation>Die Spalte mit den Teilen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>The current recipe</source>
   <translation>Das aktuelle Rezept</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>The curve starts with the first step.</source>
   <translation>Die Kurve beginnt mit dem ersten Schritt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>The data check</source>
   <translation>Datenprüfung</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>The first is better</source>
   <translation>Die erste ist besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>The first rows; the others are being read.</source>
   <translation>Die ersten Zeilen; die übrigen werden gelesen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>The first rows; the others couldn't be read.</source>
   <translation>Die ersten Zeilen; die übrigen waren nicht lesbar.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/value_text.py" />
   <source>The first {n} of the training split, {tokens} tokens.</source>
   <translation>
    <numerusform>Das erste des Trainingsteils, {tokens} Tokens.</numerusform>
    <numerusform>Die ersten {n} des Trainingsteils, {tokens} Tokens.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>The first {n} rows of {split}, unchanged.</source>
   <translation>
    <numerusform>Die erste Zeile aus {split}, unverändert.</numerusform>
    <numerusform>Die ersten {n} Zeilen aus {split}, unverändert.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/report.py" />
   <source>The first {n} rows of {split}.</source>
   <translation>
    <numerusform>Die erste Zeile aus {split}.</numerusform>
    <numerusform>Die ersten {n} Zeilen aus {split}.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>The first {n} rows, unchanged.</source>
   <translation>
    <numerusform>Die erste Zeile, unverändert.</numerusform>
    <numerusform>Die ersten {n} Zeilen, unverändert.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>The guide takes five minutes, with sample conversations or your own.</source>
   <translation>Die Einführung dauert fünf Minuten, mit Beispielgesprächen oder eigenen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>The guide trains a small model on sample conversations.
Or start with your own.</source>
   <translation>Die Einführung trainiert ein kleines Modell mit Beispielgesprächen.
Oder beginnen Sie mit eigenen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/history.py" />
   <source>The history can't be saved: {why}.</source>
   <translation>Der Verlauf lässt sich nicht speichern: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>The hub has no text model of this name.</source>
   <translation>Der Hub hat kein Textmodell dieses Namens.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>The learning rate rises during warm-up, then falls linearly, along a cosine, or not at all</source>
   <translation>Die Lernrate steigt beim Aufwärmen, dann fällt sie linear, als Kosinus oder gar nicht</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>The log is empty.</source>
   <translation>Das Protokoll ist leer.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>The mean of the seeds.</source>
   <translation>Der Mittelwert der Startwerte.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>The model stays unchanged; learns more slowly</source>
   <translation>Das Modell bleibt, wie es ist; braucht mehr Geduld</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>The options match no variant.</source>
   <translation>Die Optionen entsprechen keiner Variante.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>The other adapters</source>
   <translation>Den anderen Adaptern</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>The others are compared with this entry.</source>
   <translation>Die anderen werden mit diesem Eintrag verglichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>The package includes no licence text.</source>
   <translation>Das Paket enthält keinen Lizenztext.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>The plain model</source>
   <translation>Das einfache Modell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>The playground loads one base model at a time</source>
   <translation>Die Werkbank lädt nur ein Basismodell auf einmal</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>The practice model</source>
   <translation>Das Übungsmodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>The practice model is for trying the app.</source>
   <translation>Das Übungsmodell ist zum Ausprobieren der App.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>The queue can't be saved: {reason}.</source>
   <translation>Die Warteschlange kann nicht gespeichert werden: {reason}.</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>The queue stays paused.</source>
   <translation>Die Warteschlange bleibt angehalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>The recipe of this run</source>
   <translation>Das Rezept dieses Laufs</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>The recipe on the Train page</source>
   <translation>Das Rezept auf der Seite „Trainieren“</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>The reference</source>
   <translation>Der Referenz</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run can continue without the window.</source>
   <translation>Der Lauf kann ohne das Fenster weiterlaufen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>The run ended before its first step.</source>
   <translation>Der Lauf endete vor seinem ersten Schritt.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>The run is paused at step {step} of {total}.</source>
   <translation>Der Lauf pausiert bei Schritt {step} von {total}.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run isn't responding.</source>
   <translation>Der Lauf ist nicht erreichbar.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>The run pauses after this step, then the summaries start.</source>
   <translation>Der Lauf pausiert nach diesem Schritt, dann beginnen die Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>The same with the model in 4 bits, for large models.</source>
   <translation>Dasselbe mit dem Modell in 4 Bit, für große Modelle.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>The sample</source>
   <translation>Beispieldaten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>The sample conversations</source>
   <translation>Die Beispielgespräche</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>The saved queue was unreadable and moved to {path}.</source>
   <translation>Die gespeicherte Warteschlange war nicht lesbar und liegt jetzt unter {path}.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>The second is better</source>
   <translation>Die zweite ist besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The sheet of a workbook.</source>
   <translation>Das Blatt einer Arbeitsmappe.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>The smallest adapter, for little data.</source>
   <translation>Der kleinste Adapter, für wenige Daten.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>The spread needs two scored seeds: {scores}.</source>
   <translation>Eine Streuung braucht zwei bewertete Startwerte: {scores}.</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>The summary is empty.</source>
   <translation>Die Zusammenfassung ist leer.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>The training loss falls; the validation loss falls, then rises</source>
   <translation>Der Trainingsverlust fällt; der Validierungsverlust fällt und steigt dann</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>The trash is empty</source>
   <translation>Der Papierkorb ist leer</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>The whole run took {time}.</source>
   <translation>Der ganze Lauf dauerte {time}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>The worker ended without a result.</source>
   <translation>Der Arbeitsprozess endete ohne Ergebnis.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>The worker ended.</source>
   <translation>Der Worker hat geendet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>The worker reported nothing.</source>
   <translation>Der Arbeitsprozess hat nichts gemeldet.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/engine_thread.py" />
   <source>The worker was killed.</source>
   <translation>Der Arbeitsprozess wurde abgebrochen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/parts.py" />
   <source>The worker's last log lines</source>
   <translation>Die letzten Protokollzeilen des Arbeitsprozesses</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Then checkpoint and adapter are saved.</source>
   <translation>Dann werden Prüfpunkt und Adapter gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>There is a preset "{name}" already.</source>
   <translation>Es gibt schon eine Vorlage „{name}“.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/no_summaries.py" />
   <source>These {n} conversations have no summaries yet.</source>
   <translation>
    <numerusform>Dieses Gespräch hat noch keine Zusammenfassung.</numerusform>
    <numerusform>Diese {n} Gespräche haben noch keine Zusammenfassungen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>They are part of the prompt.</source>
   <translation>Sie gehören zum Prompt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>They share everything but the method with the existing entries.</source>
   <translation>Sie haben mit den vorhandenen Einträgen alles außer dem Verfahren gemeinsam.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>This adapter can't be merged: {reason}.</source>
   <translation>Dieser Adapter lässt sich nicht verschmelzen: {reason}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>This computer</source>
   <translation>Dieser Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>This computer only</source>
   <translation>Nur dieser</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>This deletes {what}.</source>
   <translation>Gelöscht werden {what}.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>This needs to download files.</source>
   <translation>Dafür wird heruntergeladen, was noch nicht auf diesem Computer ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>This pair: {wins} for {first}, {losses} for {second}, {ties} ties.</source>
   <translation>Dieses Paar: {wins} für {first}, {losses} für {second}, {ties} für keines.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>This run needs more memory than available</source>
   <translation>Dieser Lauf braucht mehr Speicher als verfügbar</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>This version can't run this task.</source>
   <translation>Diese Version kann diese Aufgabe nicht ausführen.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Tie</source>
   <translation>Gleich gut</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Time left</source>
   <translation>Restzeit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Time so far</source>
   <translation>Bisherige Zeit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>To add it to Ollama: {command}</source>
   <translation>So kommt es zu Ollama: {command}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>To do</source>
   <translation>Zu tun</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>To fix: {what}</source>
   <translation>Zu beheben: {what}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>To see how it works; English only</source>
   <translation>Zum Kennenlernen; nur Englisch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>To the Hugging Face Hub…</source>
   <translation>Zum Hugging Face Hub…</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Today</source>
   <translation>Heute</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Token</source>
   <translation>Token</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Tokens</source>
   <translation>Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Too few conversations to tell {first} from {second}</source>
   <translation>Zu wenige Gespräche, um {first} und {second} zu unterscheiden</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Too few to tell</source>
   <translation>Zu wenige</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>Too few votes to compare {first} with {second}</source>
   <translation>Zu wenige Stimmen, um {first} mit {second} zu vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Topic</source>
   <translation>Thema</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Topics</source>
   <translation>Themen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Train</source>
   <translation>Trainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>Train ({count})</source>
   <translation>Training ({count})</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Train an adapter first, to compare its summaries without names.</source>
   <translation>Trainieren Sie zuerst einen Adapter, um seine Zusammenfassungen ohne Namen zu vergleichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Train an adapter, then compare it with its base model here.</source>
   <translation>Trainieren Sie einen Adapter, und vergleichen Sie ihn hier mit seinem Basismodell.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Train longer</source>
   <translation>Länger trainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Train on</source>
   <translation>Trainieren auf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Train on a computer with a better GPU, or on a cluster. You see first what is sent.</source>
   <translation>Trainieren Sie auf einem Computer mit einer besseren GPU oder auf einem Cluster. Sie sehen zuerst, was gesendet wird.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Train on this data</source>
   <translation>Für den nächsten Lauf verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/no_summaries.py" />
   <source>Train on {count}</source>
   <translation>Mit {count} trainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Train one, or import a folder or zip.</source>
   <translation>Trainieren Sie einen, oder importieren Sie einen Ordner oder eine ZIP-Datei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Train or import another adapter.</source>
   <translation>Trainieren oder importieren Sie einen weiteren Adapter.</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Train to the end</source>
   <translation>Zu Ende trainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Train your first adapter</source>
   <translation>Trainieren Sie Ihren ersten Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>Trained biases</source>
   <translation>Trainierte Biases</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>Trained keys and values in self-attention</source>
   <translation>Trainierte Schlüssel und Werte in der Self-Attention</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>Trained norms</source>
   <translation>Trainierte Normen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Trained on</source>
   <translation>Trainiert mit</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>Trained tokens before the input</source>
   <translation>Trainierte Tokens vor der Eingabe</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>Trained, not scored yet</source>
   <translation>Trainiert, noch nicht bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Training is at {share}.</source>
   <translation>Das Training ist bei {share}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>Training skips them.</source>
   <translation>Das Training überspringt sie.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Training time</source>
   <translation>Trainingszeit</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Training, min</source>
   <translation>Training, min</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Trains each method once per seed, for mean, spread and interval.</source>
   <translation>Trainiert jedes Verfahren einmal je Startwert, für Mittelwert, Streuung und Intervall.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Trains every weight, for comparison. As large as the model.</source>
   <translation>Trainiert jedes Gewicht, zum Vergleich. So groß wie das Modell.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Trains nothing</source>
   <translation>Trainiert nichts</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Trash</source>
   <translation>Papierkorb</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Try</source>
   <translation>Versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/summary_requests.py" />
   <source>Try again</source>
   <translation>Noch einmal versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Try another word.</source>
   <translation>Versuchen Sie ein anderes Wort.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Try in playground</source>
   <translation>In der Werkbank versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Try it</source>
   <translation>Ausprobieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Try it in the playground</source>
   <translation>In der Werkbank versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Tuned summary</source>
   <translation>Trainierte Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Tunesmith and its licences</source>
   <translation>Tunesmith und seine Lizenzen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Tunesmith can quit now.</source>
   <translation>Tunesmith kann jetzt beendet werden.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Tunesmith quits when the run has stopped.</source>
   <translation>Tunesmith endet, sobald der Lauf gestoppt ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Two thin matrices at rank 1, 4 and 16, thicker with the rank</source>
   <translation>Zwei dünne Matrizen bei Rang 1, 4 und 16, dicker mit dem Rang</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Typical length: {least} to {most}</source>
   <translation>Übliche Länge: {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Undo</source>
   <translation>Rückgängig</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Undo the last vote</source>
   <translation>Letzte Stimme zurücknehmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Undo: {step}</source>
   <translation>Rückgängig: {step}</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Unknown data</source>
   <translation>Unbekannte Daten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Unload</source>
   <translation>Entladen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/parts.py" />
   <source>Unload the base model</source>
   <translation>Basismodell entladen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Unpacked GGUF files</source>
   <translation>Entpackte GGUF-Dateien</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Unreachable</source>
   <translation>Nicht erreichbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Unreadable rows</source>
   <translation>Nicht lesbare Zeilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Updating…</source>
   <translation>Wird aktualisiert …</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Use</source>
   <translation>Verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Use "{column}" as</source>
   <translation>„{column}“ verwenden als</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Use elsewhere</source>
   <translation>Anderswo verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Use it</source>
   <translation>Verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>Use the last turn as the summary.</source>
   <translation>Den letzten Beitrag als Zusammenfassung verwenden.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Use the playground's</source>
   <translation>Die der Werkbank verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Use the turns</source>
   <translation>Beiträge übernehmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>Use this plan</source>
   <translation>Diesen Plan verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Use {name}</source>
   <translation>{name} verwenden</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Used last</source>
   <translation>Zuletzt verwendet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Using turns.</source>
   <translation>Beiträge übernommen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>Validation ({count})</source>
   <translation>Validierung ({count})</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Variant</source>
   <translation>Variante</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Variant {name}</source>
   <translation>Variante {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>Variants</source>
   <translation>Varianten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Version</source>
   <translation>Version</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>View in Data sets</source>
   <translation>Unter „Datensätze“ ansehen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Vote</source>
   <translation>Abstimmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Vote as another person…</source>
   <translation>Als andere Person abstimmen…</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Vote on {n} more pairs</source>
   <translation>
    <numerusform>Über {n} weiteres Paar abstimmen</numerusform>
    <numerusform>Über {n} weitere Paare abstimmen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Wait, or stop it in the queue.</source>
   <translation>Warten Sie, oder stoppen Sie es in der Warteschlange.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Waiting</source>
   <translation>Wartet</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Waiting tasks</source>
   <translation>Was wartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Weights</source>
   <translation>Gewichte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Weights: the base model.
Adapter: what the method adds.
Gradients, optimizer: per trained parameter.
Activations: the largest batch.
Program: Python, libraries.</source>
   <translation>Gewichte: die des Basismodells.
Adapter: die des Verfahrens.
Gradienten, Optimierer: je trainiertem Parameter.
Aktivierungen: die des größten Batches.
Programm: Python, Bibliotheken.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Welcome</source>
   <translation>Willkommen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Well-known models to download</source>
   <translation>Bekannte Modelle zum Herunterladen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>What is it good at?</source>
   <translation>Was kann er gut?</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>What is sent</source>
   <translation>Was gesendet wird</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>What it does</source>
   <translation>Was es tut</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>What lists in the summary column mean.</source>
   <translation>Was Listen in der Spalte der Zusammenfassung bedeuten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>What the model reads and learns to write</source>
   <translation>Was das Modell liest und zu schreiben lernt</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>What you start while something is running waits here.</source>
   <translation>Was Sie starten, während etwas läuft, wartet hier.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>What you want to do</source>
   <translation>Was Sie vorhaben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Where</source>
   <translation>Wo</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Where it goes</source>
   <translation>Wohin es geht</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Which parameters are trained, and how.</source>
   <translation>Welche Parameter trainiert werden, und wie.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Which summaries are better?</source>
   <translation>Welche Zusammenfassungen sind besser?</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Which summaries do people prefer?</source>
   <translation>Welche Zusammenfassungen ziehen Menschen vor?</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>Which summary is better?</source>
   <translation>Welche Zusammenfassung ist besser?</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Who can see it</source>
   <translation>Wer es sehen kann</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Who wants what, what was agreed, what is open</source>
   <translation>Wer was möchte, was vereinbart wurde, was offen ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Whole run</source>
   <translation>Ganzer Lauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Why</source>
   <translation>Warum</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/vote_view.py" />
   <source>Why? Saved with the vote</source>
   <translation>Warum? Steht dann bei der Stimme</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Window</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Window log</source>
   <translation>Fensterprotokoll</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Won, tied, lost</source>
   <translation>Gewonnen, gleich, verloren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Works with</source>
   <translation>Funktioniert mit</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Write a note</source>
   <translation>Notiz schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Write a summary, starting from drafts</source>
   <translation>Eine Zusammenfassung schreiben, mit Entwürfen als Anfang</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Write it</source>
   <translation>Schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Write summaries</source>
   <translation>Zusammenfassungen schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Write summaries of these conversations, starting from drafts</source>
   <translation>Zusammenfassungen dieser Gespräche schreiben, mit Entwürfen als Anfang</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>Writing</source>
   <translation>Schreibt</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>Writing summaries</source>
   <translation>Schreiben von Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>Yesterday</source>
   <translation>Gestern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>You are asked once per computer.</source>
   <translation>Sie werden für jeden Computer einmal gefragt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>You have no runs there.</source>
   <translation>Nichts von Ihnen ist dort.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>You see a conversation and two summaries without names. Choose the better one with 1 or 2, or = for a tie.</source>
   <translation>Sie sehen ein Gespräch und zwei Zusammenfassungen ohne Namen. Wählen Sie die bessere mit 1 oder 2, oder = bei Gleichstand.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>You see all files before they are uploaded. Needs a token: run `hf auth login` once.</source>
   <translation>Sie sehen alle Dateien, bevor sie gesendet werden. Nötig ist ein Token: Führen Sie einmal `hf auth login` aus.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Your adapter</source>
   <translation>Ihr Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Your adapters are saved here</source>
   <translation>Hier liegen Ihre Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Your conversations</source>
   <translation>Eigene Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Your copy of the token file from `tunesmith node start`.</source>
   <translation>Ihre Kopie der Token-Datei von `tunesmith node start`.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Your first adapter in five minutes</source>
   <translation>Ihr erster Adapter in fünf Minuten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Your name</source>
   <translation>Ihr Name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Your own</source>
   <translation>Eigene</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>Your runs are saved here.</source>
   <translation>Ihre Läufe werden hier gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>Your text is saved.</source>
   <translation>Ihr Text ist gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Your typical length: {least} to {most}</source>
   <translation>Ihre übliche Länge: {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Zip files (*.zip);;All files (*)</source>
   <translation>ZIP-Dateien (*.zip);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Zoom</source>
   <translation>Zoomen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>a base model</source>
   <translation>ein Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>a draft of the practice model</source>
   <translation>ein Entwurf des Übungsmodells</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>a draft of {name}</source>
   <translation>ein Entwurf von {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>about licence version</source>
   <translation>über lizenz version impressum licence license about</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>about the end of the trained limit</source>
   <translation>etwa Ende der trainierten Grenze</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/histogram.py" />
   <source>about {count} above it</source>
   <translation>etwa {count} darüber</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>about {hours} h</source>
   <translation>etwa {hours} h</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>about {hours} h {minutes} min</source>
   <translation>etwa {hours} h {minutes} min</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>about {minutes} min</source>
   <translation>etwa {minutes} min</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>about {n} minutes left</source>
   <translation>
    <numerusform>noch etwa {n} Minute</numerusform>
    <numerusform>noch etwa {n} Minuten</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>about {n} tokens</source>
   <translation>
    <numerusform>etwa {n} Token</numerusform>
    <numerusform>etwa {n} Tokens</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>about {tokens} of {limit} tokens</source>
   <translation>etwa {tokens} von {limit} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>accept its licence first</source>
   <translation>stimmen Sie zuerst der Lizenz zu</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>accepted</source>
   <translation>angenommen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>adapter size</source>
   <translation>Größe des Adapters</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>adapter, trained</source>
   <translation>Adapter, trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>against</source>
   <translation>gegen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>all</source>
   <translation>alle</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>already on this computer</source>
   <translation>schon auf diesem Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>an edited draft of the practice model</source>
   <translation>ein bearbeiteter Entwurf des Übungsmodells</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>an edited draft of {name}</source>
   <translation>ein bearbeiteter Entwurf von {name}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>and {n} more</source>
   <translation>
    <numerusform>und {n} weiterer</numerusform>
    <numerusform>und {n} weitere</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>as imported</source>
   <translation>wie importiert</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>ask</source>
   <translation>fragen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>at least {least} and at most {n} tokens</source>
   <translation>
    <numerusform>mindestens {least} und höchstens {n} Token</numerusform>
    <numerusform>mindestens {least} und höchstens {n} Tokens</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>at most {most} columns</source>
   <translation>höchstens {most} Spalten</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>at most {n} tokens</source>
   <translation>
    <numerusform>höchstens {n} Token</numerusform>
    <numerusform>höchstens {n} Tokens</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>at {share}</source>
   <translation>bei {share}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>auto</source>
   <translation>automatisch</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>automatic</source>
   <translation>automatisch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>bars from 0 to 100 with the 95 % interval; dashed: {side}</source>
   <translation>Balken von 0 bis 100 mit 95-%-Intervall; gestrichelt: {side}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>base model of {total}</source>
   <translation>Basismodell von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>base models, unpacked when needed</source>
   <translation>Basismodelle, bei Bedarf neu entpackt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>base only</source>
   <translation>nur Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>base {score}</source>
   <translation>Basis {score}</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>baseline</source>
   <translation>Vergleichswert</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>before the restart</source>
   <translation>vor dem Neustart</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>best</source>
   <translation>bester</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>best of up to {count} references</source>
   <translation>beste von bis zu {count} Referenzen</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>better</source>
   <translation>besser</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>better than base</source>
   <translation>besser als die Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>better than full fine-tuning</source>
   <translation>besser als vollständiges Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>biases</source>
   <translation>Biases</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>blind votes</source>
   <translation>Blindstimmen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>bundled</source>
   <translation>mitgeliefert</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>card</source>
   <translation>Karte</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>chat</source>
   <translation>Chat</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>chat format</source>
   <translation>Chat-Format</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>checked</source>
   <translation>angehakt</translation>
  </message>
  <message>
   <location filename="../../gui/forms/controls.py" />
   <source>chosen for you</source>
   <translation>automatisch gewählt</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>chrF gain</source>
   <translation>chrF-Gewinn</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>chrF gains {least} to {most}</source>
   <translation>chrF-Gewinn {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>chrF {base} to {tuned}</source>
   <translation>chrF {base} auf {tuned}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>chrF {score}</source>
   <translation>chrF {score}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>constant</source>
   <translation>konstant</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>context of {count} tokens</source>
   <translation>Kontext von {count} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>conversation</source>
   <translation>Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>conversation id</source>
   <translation>Gesprächs-ID</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/adapter_table.py" />
   <source>conversations up to {n} tokens</source>
   <translation>
    <numerusform>Gespräche bis {n} Token</numerusform>
    <numerusform>Gespräche bis {n} Token</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>copied summary</source>
   <translation>kopierte Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>cosine</source>
   <translation>Kosinus</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>d MMM</source>
   <translation>d. MMM</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>d MMM yyyy</source>
   <translation>d. MMM yyyy</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>d MMMM</source>
   <translation>d. MMMM</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>d MMMM yyyy</source>
   <translation>d. MMMM yyyy</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>data of finished runs</source>
   <translation>Daten beendeter Läufe</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>decoder-only</source>
   <translation>nur Decoder</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>default</source>
   <translation>Vorgabe</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>done at {clock}</source>
   <translation>fertig um {clock}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>done, not fetched yet</source>
   <translation>fertig, abzuholen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>draft edited</source>
   <translation>Entwurf bearbeitet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>draft of the practice model</source>
   <translation>Entwurf des Übungsmodells</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>draft of {name}</source>
   <translation>Entwurf von {name}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>duplicates</source>
   <translation>Doppelte</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>each step</source>
   <translation>jeder Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>each step drops others</source>
   <translation>jeder Schritt lässt andere aus</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>email</source>
   <translation>E-Mail</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>emptied</source>
   <translation>geleert</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>emptied after 30 days</source>
   <translation>nach 30 Tagen geleert</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>encoder-decoder</source>
   <translation>Encoder-Decoder</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>end of the trained limit</source>
   <translation>hier endet die trainierte Länge</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>evaluation</source>
   <translation>Bewertung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>evaluation {loss}</source>
   <translation>Bewertung {loss}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>everything is in the conversation</source>
   <translation>alle Angaben kommen im Gespräch vor</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>example</source>
   <translation>Beispiel</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>examples/s</source>
   <translation>Beispiele/s</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>excluded</source>
   <translation>ausgelassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>excluded, at most</source>
   <translation>höchstens ausgelassen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>finish</source>
   <translation>zu Ende laufen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>for CTranslate2; recreated when needed, at most 10 GB</source>
   <translation>für CTranslate2; bei Bedarf neu erstellt, höchstens 10 GB</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>for resuming runs</source>
   <translation>zum Fortsetzen von Läufen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>forgetting</source>
   <translation>Vergessen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>formats import export endings</source>
   <translation>Formate importieren exportieren Endungen</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>from the hub, shared with other programs</source>
   <translation>vom Hub; auch andere Programme nutzen sie</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>from the source</source>
   <translation>aus der Quelle</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>frozen</source>
   <translation>eingefroren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>further summaries</source>
   <translation>weitere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>gain {gain}</source>
   <translation>Gewinn {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>greedy</source>
   <translation>greedy</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>higher than base</source>
   <translation>höher als die Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>imported</source>
   <translation>importiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>in no other adapter's summary</source>
   <translation>in keiner Zusammenfassung eines anderen Adapters</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>in use</source>
   <translation>in Gebrauch</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>interval {interval}</source>
   <translation>Intervall {interval}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>invisible characters</source>
   <translation>unsichtbare Zeichen</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>is next</source>
   <translation>ist als Nächstes dran</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>is the summary</source>
   <translation>ist die Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>its base {score}</source>
   <translation>seine Basis {score}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>just now</source>
   <translation>gerade eben</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>last</source>
   <translation>letzter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>last checkpoint {ago}</source>
   <translation>letzter Prüfpunkt {ago}</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>last step</source>
   <translation>letzter Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>leaks</source>
   <translation>in mehreren Teilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>length penalty {value}</source>
   <translation>Längenstrafe {value}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>lengths</source>
   <translation>Längen</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>less than a minute</source>
   <translation>unter einer Minute</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>licence {licence}</source>
   <translation>Lizenz {licence}</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/histogram.py" />
   <source>limit {limit}</source>
   <translation>Grenze {limit}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>linear</source>
   <translation>linear</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>llama.cpp</source>
   <translation>llama.cpp</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>loaded in {precision}</source>
   <translation>geladen in {precision}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>loading</source>
   <translation>wird geladen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>long conversation</source>
   <translation>langes Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>long conversations in parts</source>
   <translation>lange Gespräche in Teilen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>long summary</source>
   <translation>lange Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>loss</source>
   <translation>Verlust</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>lower than base</source>
   <translation>niedriger als die Basis</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>marked: what it learns to write</source>
   <translation>markiert: was es zu schreiben lernt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>masked</source>
   <translation>maskiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>median {median}, max {most}</source>
   <translation>Median {median}, max. {most}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>min</source>
   <translation>min</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>minute</source>
   <translation>Minute</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>most on the same {n} conversations, {decoding}</source>
   <translation>
    <numerusform>die meisten an demselben Gespräch, {decoding}</numerusform>
    <numerusform>die meisten an denselben {n} Gesprächen, {decoding}</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>name</source>
   <translation>Name</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>nats forgotten</source>
   <translation>Nats vergessen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>no</source>
   <translation>nein</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>no change</source>
   <translation>unverändert</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>no context limit</source>
   <translation>Kontext ohne Grenze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>no conversation</source>
   <translation>kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/models/score_table.py" />
   <source>no interval</source>
   <translation>kein Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>no licence stated</source>
   <translation>Lizenz nicht angegeben</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>no measurable difference from base</source>
   <translation>kein messbarer Unterschied zur Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>no measurable difference from full fine-tuning</source>
   <translation>kein messbarer Unterschied zu vollständigem Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>no named speaker</source>
   <translation>kein genannter Sprecher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>no named speakers</source>
   <translation>keine genannten Sprecher</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>no repeated {n}-grams</source>
   <translation>
    <numerusform>kein Token zweimal</numerusform>
    <numerusform>keine Wiederholung von {n} Tokens</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>no speakers</source>
   <translation>ohne Sprecher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>no summary</source>
   <translation>keine Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>none</source>
   <translation>keine</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>none (automatic)</source>
   <translation>keine (automatisch)</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>none (new adapter)</source>
   <translation>keinen, ein neuer Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>none (one conversation per chat)</source>
   <translation>keine: ein Gespräch je Chat</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>norms</source>
   <translation>Normen</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>not a text model</source>
   <translation>kein Textmodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>not checked</source>
   <translation>nicht angehakt</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>not compared</source>
   <translation>nicht verglichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/parts.py" />
   <source>not in the base model’s summary</source>
   <translation>nicht beim Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>not in the conversation</source>
   <translation>nicht im Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>not in the conversation: {claims}</source>
   <translation>nicht im Gespräch: {claims}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>not in the library</source>
   <translation>nicht in der Bibliothek</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>not in the other summary</source>
   <translation>nicht in der anderen Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>not in the reference</source>
   <translation>nicht in der Referenz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>not loaded</source>
   <translation>nicht geladen</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>not scored yet</source>
   <translation>noch nicht bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>not yet</source>
   <translation>noch nicht</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>nothing is trained</source>
   <translation>nichts wird trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>odd characters</source>
   <translation>seltsame Zeichen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>of another base model or method</source>
   <translation>anderes Basismodell oder Verfahren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>of {count} parameters</source>
   <translation>von {count} Parametern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>of {count} trainable</source>
   <translation>von {count} trainierbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>of {total}</source>
   <translation>von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>off</source>
   <translation>aus</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>on</source>
   <translation>an</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>on the same {n} conversations</source>
   <translation>
    <numerusform>zu {n} Gespräch</numerusform>
    <numerusform>zu denselben {n} Gesprächen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>on the same {n} conversations, {decoding}</source>
   <translation>
    <numerusform>an demselben Gespräch, {decoding}</numerusform>
    <numerusform>an denselben {n} Gesprächen, {decoding}</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>on {day}</source>
   <translation>am {day}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>one task in progress</source>
   <translation>eine Aufgabe läuft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>optional</source>
   <translation>optional</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/shortcuts_sheet.py" />
   <source>or</source>
   <translation>oder</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>orthogonal</source>
   <translation>orthogonal</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>other language</source>
   <translation>andere Sprache</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>owner/name, or owner/name@revision</source>
   <translation>Sein Name: besitzer/name oder besitzer/name@revision</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>paused</source>
   <translation>pausiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>peak memory</source>
   <translation>Spitzenspeicher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>peak {size}</source>
   <translation>Spitze {size}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>personal data masked in {n} passages</source>
   <translation>
    <numerusform>persönliche Daten an {n} Stelle maskiert</numerusform>
    <numerusform>persönliche Daten an {n} Stellen maskiert</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>phone</source>
   <translation>Telefon</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>plain</source>
   <translation>einfach</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>playground</source>
   <translation>Werkbank</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>preset</source>
   <translation>Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>prompt “{beginning}”</source>
   <translation>Prompt „{beginning}“</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>queue paused</source>
   <translation>Warteschlange angehalten</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>random</source>
   <translation>zufällig</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>rank {rank}</source>
   <translation>Rang {rank}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>rate {rate}</source>
   <translation>Rate {rate}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>rated bad</source>
   <translation>schlecht bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>rated good</source>
   <translation>gut bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>read in parts</source>
   <translation>in Teilen gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>recipe</source>
   <translation>Rezept</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>recipes, events and logs</source>
   <translation>Rezepte, Ereignisse und Protokolle</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>recreated when needed; at most 2 GB</source>
   <translation>bei Bedarf neu erzeugt; höchstens 2 GB</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>references</source>
   <translation>Referenzen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>refuse</source>
   <translation>ablehnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>repetition penalty {value}</source>
   <translation>Wiederholungsstrafe {value}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>sample</source>
   <translation>Beispielgespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>sampled at temperature {value}</source>
   <translation>gezogen mit Temperatur {value}</translation>
  </message>
  <message>
   <location filename="../../gui/plots/canvas.py" />
   <source>saved</source>
   <translation>gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/plots/canvas.py" />
   <source>saved, step {step}</source>
   <translation>gespeichert, Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>scored with another protocol, not comparable</source>
   <translation>mit einem anderen Protokoll bewertet, nicht vergleichbar</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>seed {value}</source>
   <translation>Startwert {value}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>sentences</source>
   <translation>Sätze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>several summaries</source>
   <translation>mehrere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>shown already</source>
   <translation>schon gezeigt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>skipped</source>
   <translation>übersprungen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>smoothed</source>
   <translation>geglättet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>speaker</source>
   <translation>Sprecher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>speakers, median</source>
   <translation>Sprecher, Median</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>split</source>
   <translation>Teil</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>spread between seeds</source>
   <translation>Streuung der Startwerte</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>starter (practice model)</source>
   <translation>starter (Übungsmodell)</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>step</source>
   <translation>Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>step {step} of {total}</source>
   <translation>Schritt {step} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>steps: {steps}</source>
   <translation>Schritte: {steps}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>stop</source>
   <translation>stoppen</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>stopped early</source>
   <translation>vorzeitig gestoppt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>summaries up to {longest} of {limit} tokens</source>
   <translation>Zusammenfassungen bis {longest} von {limit} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>summaries up to {longest} tokens, limit {limit}</source>
   <translation>Zusammenfassungen bis {longest} Tokens, Grenze {limit}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/adapter_table.py" />
   <source>summaries up to {n} tokens</source>
   <translation>
    <numerusform>Zusammenfassungen bis {n} Token</numerusform>
    <numerusform>Zusammenfassungen bis {n} Token</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>summary</source>
   <translation>Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>summary longer</source>
   <translation>Zusammenfassung länger</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>the base model ({name})</source>
   <translation>Basismodell ({name})</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>the conversations of {name} ({size})</source>
   <translation>die Gespräche aus {name} ({size})</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>the last {n} turns are cut off</source>
   <translation>
    <numerusform>das Ende fehlt</numerusform>
    <numerusform>letzte {n} Beiträge fehlen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>the library</source>
   <translation>die Bibliothek</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>the likeliest</source>
   <translation>der beste Text</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>the model {name} ({size})</source>
   <translation>das Modell {name} ({size})</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>the practice model</source>
   <translation>das Übungsmodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>the prompt</source>
   <translation>der Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>the sample conversations</source>
   <translation>den Beispielgesprächen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>the sentences of one summary</source>
   <translation>die Sätze einer Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>the text, unchanged</source>
   <translation>der Text, unverändert</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>today at {time}</source>
   <translation>heute um {time}</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>today, {time}</source>
   <translation>heute, {time}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>token</source>
   <translation>Token</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>too few conversations to compare with base</source>
   <translation>zu wenige Gespräche für ein Urteil zum Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>too few conversations to compare with full fine-tuning</source>
   <translation>zu wenige Gespräche für ein Urteil zu vollständigem Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>too few conversations to tell</source>
   <translation>zu wenige Gespräche für ein Urteil</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>top-p {value}</source>
   <translation>Top-p {value}</translation>
  </message>
  <message>
   <location filename="../../gui/plots/canvas.py" />
   <source>train {loss}</source>
   <translation>Training {loss}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>trainable parameters</source>
   <translation>trainierbare Parameter</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>trained</source>
   <translation>trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>trained for an unknown base model</source>
   <translation>für ein unbekanntes Basismodell trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>trained for {model}</source>
   <translation>für „{model}“ trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>trained vectors</source>
   <translation>trainierte Vektoren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>trained, rank {rank}</source>
   <translation>trainiert, Rang {rank}</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>training</source>
   <translation>Training</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>training alone {time}</source>
   <translation>davon Training {time}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>training minutes</source>
   <translation>Trainingsminuten</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>tuned model</source>
   <translation>trainiertes Modell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>turn text</source>
   <translation>Beitragstext</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>turns in one line</source>
   <translation>Beiträge in einer Zeile</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>turns, median</source>
   <translation>Beiträge, Median</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>unknown base model</source>
   <translation>Basismodell unbekannt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>unloading</source>
   <translation>wird entladen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/canvas.py" />
   <source>validation {loss}</source>
   <translation>Validierung {loss}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>vocabulary</source>
   <translation>Wortschatz</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>vs. base</source>
   <translation>zur Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>vs. full fine-tuning</source>
   <translation>gegen volles Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>waits for {name}</source>
   <translation>wartet auf {name}</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>waits: the queue is paused</source>
   <translation>wartet: Die Warteschlange ist angehalten</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>warm-up</source>
   <translation>Aufwärmen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>weights</source>
   <translation>Gewichte</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>weights of the base</source>
   <translation>Gewichte der Basis</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>whole run {time}</source>
   <translation>der ganze Lauf dauerte {time}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>within the trained limit</source>
   <translation>passt hinein</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>worse</source>
   <translation>schlechter</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>worse than base</source>
   <translation>schlechter als die Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>worse than full fine-tuning</source>
   <translation>schlechter als vollständiges Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>written by CTranslate2</source>
   <translation>geschrieben von CTranslate2</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>written by you</source>
   <translation>von Ihnen geschrieben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>yes</source>
   <translation>ja</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>yesterday</source>
   <translation>gestern</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>yesterday at {time}</source>
   <translation>gestern um {time}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{accepted} of {total} accepted</source>
   <translation>{accepted} von {total} angenommen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{adapters} for {base_models}</source>
   <translation>{adapters} für {base_models}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>{adapter} was trained for an unknown base model</source>
   <translation>{adapter} wurde für ein unbekanntes Basismodell trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/choices.py" />
   <source>{adapter} was trained for {model}</source>
   <translation>{adapter} wurde für „{model}“ trainiert</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/controller.py" />
   <source>{base} with {n} adapters</source>
   <translation>
    <numerusform>{base} mit {n} Adapter</numerusform>
    <numerusform>{base} mit {n} Adaptern</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>{column} (automatic)</source>
   <translation>{column} (automatisch)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{count} beyond the limit of {most}</source>
   <translation>{count} über der Grenze von {most}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{count} conversations of {name} ({size})</source>
   <translation>
    <numerusform>{count} Gespräch aus {name} ({size})</numerusform>
    <numerusform>{count} Gespräche aus {name} ({size})</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{count} empty</source>
   <translation>{count} leere</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{count} excluded</source>
   <translation>{count} ausgeschlossen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{count} excluded in Data sets ({named})</source>
   <translation>{count} unter „Datensätze“ ausgeschlossen ({named})</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>{count} in the prompt</source>
   <translation>{count}, vom Prompt gezeigt</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/histogram.py" />
   <source>{count} in total</source>
   <translation>insgesamt {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>{count} in {split}</source>
   <translation>{count} in {split}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>{count} left</source>
   <translation>noch {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{count} needed for a run</source>
   <translation>{count} für einen Lauf nötig</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>{count} of {limit} tokens</source>
   <translation>{count} von {limit} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>{count} of {split} also in {other}</source>
   <translation>{count} aus {split} auch in {other}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>{count} of {total} conversations found</source>
   <translation>{count} von {total} Gesprächen gefunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/no_summaries.py" />
   <source>{count} of {total} summaries written.</source>
   <translation>{count} von {total} Zusammenfassungen geschrieben.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{count} of {total}, {size}</source>
   <translation>{count} von {total}, {size}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>{count} parameters</source>
   <translation>{count} Parameter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{count} selected, {size}</source>
   <translation>{count} ausgewählt, {size}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>{count} shown</source>
   <translation>{count} gezeigt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{count} skipped</source>
   <translation>{count} übersprungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>{count} to choose from</source>
   <translation>{count} zur Auswahl</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{count} trainable parameters</source>
   <translation>{count} trainierbare Parameter</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>{count} values</source>
   <translation>{count} Werte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>{count} with the adapter</source>
   <translation>{count} mit dem Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{count} × {card}</source>
   <translation>{count} × {card}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>{count}. Latest: {message}</source>
   <translation>{count}. Zuletzt: {message}</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>{data} with {base}</source>
   <translation>{data} · Basismodell: {base}</translation>
  </message>
  <message>
   <location filename="../../gui/shell/device_meter.py" />
   <source>{device}. Press for the queue and other computers</source>
   <translation>{device}. Drücken für Warteschlange und andere Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{done} of {goal} pairs</source>
   <translation>{done} von {goal} Paaren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>{done} of {total} conversations</source>
   <translation>{done} von {total} Gesprächen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>{done} of {total} drafts</source>
   <translation>{done} von {total} Entwürfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>{done} of {total}. Devices take a few seconds</source>
   <translation>{done} von {total}. Die Geräte brauchen einige Sekunden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>{entry} is running. Stop it first.</source>
   <translation>{entry} läuft. Stoppen Sie den Lauf zuerst.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>{file} can't be read: {why}.</source>
   <translation>{file} ist nicht lesbar: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/sources.py" />
   <source>{file} is larger than 500 kB.</source>
   <translation>{file} ist größer als 500 kB.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>{filter} {count}</source>
   <translation>{filter} {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>{finding}: none.</source>
   <translation>{finding}: keine.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{first} is preferred to {second}</source>
   <translation>{first} wird {second} vorgezogen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>{first} writes better summaries than {second}</source>
   <translation>{first} schreibt bessere Zusammenfassungen als {second}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{format}: {turns} of {speakers}.</source>
   <translation>{format}: {turns}, {speakers}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{format}: {turns} of {speakers}; {left} skipped.</source>
   <translation>{format}: {turns}, {speakers}; ausgelassen: {left}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{free} of disk free</source>
   <translation>{free} auf der Platte frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{free} of {total} memory free</source>
   <translation>{free} von {total} Arbeitsspeicher frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>{good} good, {columns}</source>
   <translation>{good} gut, {columns}</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>{low} to {high}</source>
   <translation>{low} bis {high}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>{matched} of {n} conversations matched.</source>
   <translation>
    <numerusform>{matched} von {n} Gespräch zugeordnet.</numerusform>
    <numerusform>{matched} von {n} Gesprächen zugeordnet.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>{method} doesn't work with this family</source>
   <translation>{method} geht nicht mit dieser Familie</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>{method} for {base}, created {moment}</source>
   <translation>{method} für {base}, {moment} erstellt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>{method} for {base}, imported {moment}</source>
   <translation>{method} für {base}, {moment} importiert</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_form.py" />
   <source>{method} used {rate}</source>
   <translation>bei {method} galt {rate}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>{model} is writing</source>
   <translation>{model} schreibt</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{names} in {n} matrices</source>
   <translation>
    <numerusform>{names} in {n} Matrix</numerusform>
    <numerusform>{names} in {n} Matrizen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/choices.py" />
   <source>{names} were trained on another form of the base model; all run on that of {first}: {form}.</source>
   <translation>
    <numerusform>{names} wurde auf einer anderen Form des Basismodells trainiert; alle laufen auf der von {first}: {form}.</numerusform>
    <numerusform>{names} wurden auf einer anderen Form des Basismodells trainiert; alle laufen auf der von {first}: {form}.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{name} (downloads 77 MB once)…</source>
   <translation>{name} (holt einmalig 77 MB)…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>{name} is in use by a job. Delete it afterwards.</source>
   <translation>{name} wird von einem Auftrag verwendet. Löschen Sie ihn danach.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>{name} was added to the queue: it {waits}.</source>
   <translation>{name} wurde in die Warteschlange gestellt und {waits}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{name} was removed. Runs there keep going.</source>
   <translation>{name} wurde entfernt. Was dort läuft, läuft weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_form.py" />
   <source>{name} was trained with another method and was removed.</source>
   <translation>{name} wurde mit einem anderen Verfahren trainiert und entfernt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{name} with {size} of memory free, in {precision}.</source>
   <translation>{name} mit {size} freiem Speicher, in {precision}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>{name} writes better summaries</source>
   <translation>{name} schreibt bessere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>{name} writes worse summaries</source>
   <translation>{name} schreibt schlechtere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/shell/device_meter.py" />
   <source>{name} {device}, memory {memory}, load {load}</source>
   <translation>{name} {device}, Speicher {memory}, Auslastung {load}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}, ROUGE-1</source>
   <translation>{name}, ROUGE-1</translation>
  </message>
  <message>
   <location filename="../../gui/inputs/number_inputs.py" />
   <source>{name}, by slider</source>
   <translation>{name}, per Schieberegler</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{name}, in {precision}.</source>
   <translation>{name}, in {precision}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{name}: {counts}.</source>
   <translation>{name}: {counts}.</translation>
  </message>
  <message>
   <location filename="../../gui/plots/curves.py" />
   <source>{name}: {loss} at step {step}</source>
   <translation>{name}: {loss} bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Better than base: {gain}</source>
   <translation>{name}: {score}. Besser als die Basis: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. No measurable difference: {gain}</source>
   <translation>{name}: {score}. Kein messbarer Unterschied: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Too few conversations to compare: {gain}</source>
   <translation>{name}: {score}. Zu wenige Gespräche zum Vergleichen: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Worse than base: {gain}</source>
   <translation>{name}: {score}. Schlechter als die Basis: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>{number} of {total}</source>
   <translation>{number} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{number} trainable</source>
   <translation>{number} trainierbar</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/computers/page.py" />
   <source>{n} CPU cores</source>
   <translation>
    <numerusform>{n} CPU-Kern</numerusform>
    <numerusform>{n} CPU-Kerne</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/home/cards.py" />
   <source>{n} adapters</source>
   <translation>
    <numerusform>{n} Adapter</numerusform>
    <numerusform>{n} Adapter</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/run_table.py" />
   <source>{n} attempts</source>
   <translation>
    <numerusform>{n} Versuch</numerusform>
    <numerusform>{n} Versuche</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{n} base models</source>
   <translation>
    <numerusform>{n} Basismodell</numerusform>
    <numerusform>{n} Basismodelle</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/list_text.py" />
   <source>{n} beams</source>
   <translation>
    <numerusform>{n} Beam</numerusform>
    <numerusform>{n} Beams</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/batch.py" />
   <source>{n} beyond the limit of 1,000</source>
   <translation>
    <numerusform>{n} über der Grenze von 1.000</numerusform>
    <numerusform>{n} über der Grenze von 1.000</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>{n} columns</source>
   <translation>
    <numerusform>{n} Spalte</numerusform>
    <numerusform>{n} Spalten</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/page.py" />
   <source>{n} compared with the first</source>
   <translation>
    <numerusform>{n} mit dem ersten verglichen</numerusform>
    <numerusform>{n} mit dem ersten verglichen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} conversations</source>
   <translation>
    <numerusform>{n} Gespräch</numerusform>
    <numerusform>{n} Gespräche</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/home/page.py" />
   <source>{n} conversations have no summary yet.</source>
   <translation>
    <numerusform>{n} Gespräch hat noch keine Zusammenfassung.</numerusform>
    <numerusform>{n} Gespräche haben noch keine Zusammenfassung.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/form_layout.py" />
   <source>{n} conversations, each seen {times} ×.</source>
   <translation>
    <numerusform>{n} Gespräch, {times} × gesehen.</numerusform>
    <numerusform>{n} Gespräche, jedes {times} × gesehen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/home/cards.py" />
   <source>{n} data sets</source>
   <translation>
    <numerusform>{n} Datensatz</numerusform>
    <numerusform>{n} Datensätze</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} drafts</source>
   <translation>
    <numerusform>{n} Entwurf</numerusform>
    <numerusform>{n} Entwürfe</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} duplicates</source>
   <translation>
    <numerusform>{n} Duplikat</numerusform>
    <numerusform>{n} Duplikate</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{n} earlier changes</source>
   <translation>
    <numerusform>{n} frühere Änderung</numerusform>
    <numerusform>{n} frühere Änderungen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>{n} entries</source>
   <translation>
    <numerusform>{n} Eintrag</numerusform>
    <numerusform>{n} Einträge</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/page.py" />
   <source>{n} entries were deleted.</source>
   <translation>
    <numerusform>{n} Eintrag wurde gelöscht.</numerusform>
    <numerusform>{n} Einträge wurden gelöscht.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{n} examples</source>
   <translation>
    <numerusform>{n} Beispiel</numerusform>
    <numerusform>{n} Beispiele</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/adapter_table.py" />
   <source>{n} examples in the prompt</source>
   <translation>
    <numerusform>{n} Beispiel im Prompt</numerusform>
    <numerusform>{n} Beispiele im Prompt</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/import_export.py" />
   <source>{n} files</source>
   <translation>
    <numerusform>{n} Datei</numerusform>
    <numerusform>{n} Dateien</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/history.py" />
   <source>{n} good summaries were written</source>
   <translation>
    <numerusform>{n} gute Zusammenfassung wurde geschrieben</numerusform>
    <numerusform>{n} gute Zusammenfassungen wurden geschrieben</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} identical pairs count as ties.</source>
   <translation>
    <numerusform>{n} gleiches Paar zählt als gleich gut.</numerusform>
    <numerusform>{n} gleiche Paare zählen als gleich gut.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/list_text.py" />
   <source>{n} languages</source>
   <translation>
    <numerusform>{n} Sprache</numerusform>
    <numerusform>{n} Sprachen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>{n} layers</source>
   <translation>
    <numerusform>{n} Schicht</numerusform>
    <numerusform>{n} Schichten</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>{n} matrices</source>
   <translation>
    <numerusform>{n} Matrix</numerusform>
    <numerusform>{n} Matrizen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} media tags</source>
   <translation>
    <numerusform>{n} Medienhinweis</numerusform>
    <numerusform>{n} Medienhinweise</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/report.py" />
   <source>{n} more exceed the limit. Check again to list them.</source>
   <translation>
    <numerusform>{n} weitere liegt über der Grenze. Prüfen Sie erneut, um sie zu sehen.</numerusform>
    <numerusform>{n} weitere liegen über der Grenze. Prüfen Sie erneut, um sie zu sehen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/page.py" />
   <source>{n} more like this.</source>
   <translation>
    <numerusform>{n} weiterer Hinweis dieser Art.</numerusform>
    <numerusform>{n} weitere Hinweise dieser Art.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{n} more problems above.</source>
   <translation>
    <numerusform>{n} weiteres Problem oben.</numerusform>
    <numerusform>{n} weitere Probleme oben.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/main_window.py" />
   <source>{n} more start when you reopen Tunesmith.</source>
   <translation>
    <numerusform>{n} weiterer Eintrag startet, wenn Sie Tunesmith wieder öffnen.</numerusform>
    <numerusform>{n} weitere Einträge starten, wenn Sie Tunesmith wieder öffnen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} more turns</source>
   <translation>
    <numerusform>{n} weiterer Beitrag</numerusform>
    <numerusform>{n} weitere Beiträge</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>{n} not started</source>
   <translation>{n} nicht gestartet</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} other chats</source>
   <translation>
    <numerusform>{n} anderer Chat</numerusform>
    <numerusform>{n} andere Chats</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/computers/page.py" />
   <source>{n} other computers</source>
   <translation>
    <numerusform>{n} anderer Computer</numerusform>
    <numerusform>{n} andere Computer</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/history.py" />
   <source>{n} other good ones of the same conversations skipped</source>
   <translation>
    <numerusform>eine weitere gute zu demselben Gespräch ausgelassen</numerusform>
    <numerusform>{n} weitere gute zu denselben Gesprächen ausgelassen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>{n} passages masked.</source>
   <translation>
    <numerusform>{n} Stelle maskiert.</numerusform>
    <numerusform>{n} Stellen maskiert.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>{n} preference pairs</source>
   <translation>
    <numerusform>{n} Präferenzpaar</numerusform>
    <numerusform>{n} Präferenzpaare</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/computers/page.py" />
   <source>{n} processes</source>
   <translation>
    <numerusform>{n} Prozess</numerusform>
    <numerusform>{n} Prozesse</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} quoted messages</source>
   <translation>
    <numerusform>{n} zitierte Nachricht</numerusform>
    <numerusform>{n} zitierte Nachrichten</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/computers/page.py" />
   <source>{n} ready</source>
   <translation>
    <numerusform>{n} bereit</numerusform>
    <numerusform>{n} bereit</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>{n} remarks</source>
   <translation>
    <numerusform>{n} Hinweis</numerusform>
    <numerusform>{n} Hinweise</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>{n} rows</source>
   <translation>
    <numerusform>{n} Zeile</numerusform>
    <numerusform>{n} Zeilen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>{n} rows can't be read</source>
   <translation>
    <numerusform>{n} Zeile ist nicht lesbar</numerusform>
    <numerusform>{n} Zeilen sind nicht lesbar</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/page.py" />
   <source>{n} rows saved to {path}.</source>
   <translation>
    <numerusform>{n} Zeile nach {path} gespeichert.</numerusform>
    <numerusform>{n} Zeilen nach {path} gespeichert.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/run_list.py" />
   <source>{n} runs</source>
   <translation>
    <numerusform>{n} Lauf</numerusform>
    <numerusform>{n} Läufe</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>{n} runs take {time}, scoring included.</source>
   <translation>
    <numerusform>{n} Lauf dauert {time}, Bewertung inbegriffen.</numerusform>
    <numerusform>{n} Läufe dauern {time}, Bewertung inbegriffen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/computers/page.py" />
   <source>{n} runs there: {runs}</source>
   <translation>
    <numerusform>{n} Lauf dort: {runs}</numerusform>
    <numerusform>{n} Läufe dort: {runs}</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} sessions</source>
   <translation>
    <numerusform>{n} Sitzung</numerusform>
    <numerusform>{n} Sitzungen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} signatures</source>
   <translation>
    <numerusform>{n} Signatur</numerusform>
    <numerusform>{n} Signaturen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} speakers</source>
   <translation>
    <numerusform>{n} Sprecher</numerusform>
    <numerusform>{n} Sprecher</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} summaries corrected in the playground are accepted.</source>
   <translation>
    <numerusform>{n} Zusammenfassung, die in der Werkbank korrigiert wurde, ist angenommen.</numerusform>
    <numerusform>{n} Zusammenfassungen, die in der Werkbank korrigiert wurden, sind angenommen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>{n} summaries written.</source>
   <translation>
    <numerusform>{n} Zusammenfassung geschrieben.</numerusform>
    <numerusform>{n} Zusammenfassungen geschrieben.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{n} system lines</source>
   <translation>
    <numerusform>{n} Systemzeile</numerusform>
    <numerusform>{n} Systemzeilen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} systems</source>
   <translation>
    <numerusform>{n} System</numerusform>
    <numerusform>{n} Systeme</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>{n} tokens</source>
   <translation>
    <numerusform>{n} Token</numerusform>
    <numerusform>{n} Tokens</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>{n} tokens in {seconds} s</source>
   <translation>
    <numerusform>{n} Token in {seconds} s</numerusform>
    <numerusform>{n} Tokens in {seconds} s</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>{n} tokens, the rest is cut</source>
   <translation>
    <numerusform>{n} Token, der Rest entfällt</numerusform>
    <numerusform>{n} Tokens, der Rest entfällt</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/batch.py" />
   <source>{n} too long</source>
   <translation>
    <numerusform>{n} zu lang</numerusform>
    <numerusform>{n} zu lang</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>{n} turns</source>
   <translation>
    <numerusform>{n} Beitrag</numerusform>
    <numerusform>{n} Beiträge</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} voters</source>
   <translation>
    <numerusform>{n} Person</numerusform>
    <numerusform>{n} Personen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} votes</source>
   <translation>
    <numerusform>{n} Stimme</numerusform>
    <numerusform>{n} Stimmen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>{n} waiting</source>
   <translation>{n} in der Warteschlange</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/batch.py" />
   <source>{n} without conversation</source>
   <translation>
    <numerusform>{n} ohne Gespräch</numerusform>
    <numerusform>{n} ohne Gespräch</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>{n} words</source>
   <translation>
    <numerusform>{n} Wort</numerusform>
    <numerusform>{n} Wörter</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/list_text.py" />
   <source>{n} {split} conversations</source>
   <translation>
    <numerusform>{n} Gespräch ({split})</numerusform>
    <numerusform>{n} Gespräche ({split})</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{origin}, edited</source>
   <translation>{origin}, bearbeitet</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>{others} use another base model than {first}, or run it differently.</source>
   <translation>
    <numerusform>{others} verwendet ein anderes Basismodell als {first} oder rechnet es anders.</numerusform>
    <numerusform>{others} verwenden ein anderes Basismodell als {first} oder rechnen es anders.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{parts} and {last}</source>
   <translation>{parts} und {last}</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/file_dialogs.py" />
   <source>{path} can't be written. Choose another folder, or free some space.</source>
   <translation>{path} kann nicht geschrieben werden. Wählen Sie einen anderen Ordner, oder schaffen Sie Platz.</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/file_dialogs.py" />
   <source>{path} no longer exists.</source>
   <translation>{path} ist nicht mehr da.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>{place} of {count}</source>
   <translation>{place} von {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>{place}, licence {licence}</source>
   <translation>{place}, Lizenz {licence}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_form.py" />
   <source>{rate}, preset</source>
   <translation>{rate}, Vorlage</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>{run} can't be opened: {reason}</source>
   <translation>{run} kann nicht geöffnet werden: {reason}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>{run}, {recipe}, can't be compared.</source>
   <translation>{run}, {recipe}, nicht vergleichbar.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{scored} of {total} entries scored</source>
   <translation>{scored} von {total} bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{score} with seed {seed}</source>
   <translation>{score} mit Startwert {seed}</translation>
  </message>
  <message>
   <location filename="../../gui/workers/summarizer.py" />
   <source>{seconds} s</source>
   <translation>{seconds} s</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{second} is preferred to {first}</source>
   <translation>{second} wird {first} vorgezogen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/forms/form_layout.py" />
   <source>{settings} and {n} more</source>
   <translation>
    <numerusform>{settings} und {n} weitere</numerusform>
    <numerusform>{settings} und {n} weitere</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>{share} of conversations</source>
   <translation>{share} der Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>{share} of the summaries reached the length limit.</source>
   <translation>{share} der Zusammenfassungen erreichten die Längengrenze.</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>{share} of the words differ</source>
   <translation>{share} der Wörter verschieden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>{share} trained</source>
   <translation>{share} trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{size} can be freed.</source>
   <translation>{size} liegen dort, die kein Lauf braucht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{size} free</source>
   <translation>{size} frei</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>{size} of cached results</source>
   <translation>{size} zwischengespeicherte Ergebnisse</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>{size} of checkpoints of {n} completed runs</source>
   <translation>
    <numerusform>{size} an Prüfpunkten von {n} abgeschlossenen Lauf</numerusform>
    <numerusform>{size} an Prüfpunkten von {n} abgeschlossenen Läufen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_list.py" />
   <source>{size} of checkpoints; each run keeps two</source>
   <translation>{size} Prüfpunkte; jeder Lauf behält zwei</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>{size} of converted models</source>
   <translation>{size} an umgewandelten Modellen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>{size} of memory at peak</source>
   <translation>Speicherspitze {size}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{size} on disk</source>
   <translation>{size} auf Platte</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>{size} to download</source>
   <translation>{size} herunterzuladen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>{some} and {one}</source>
   <translation>{some} und {one}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{source}, {systems}, created {moment}</source>
   <translation>{source}, {systems}, angelegt {moment}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{source}: {conversations}, {systems}</source>
   <translation>{source}: {conversations}, {systems}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>{speed} tokens/s</source>
   <translation>{speed} Tokens/s</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{stage}, on {computer}</source>
   <translation>{stage}, auf {computer}</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>{step} of {total}</source>
   <translation>{step} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>{summary}. Words not in the base model's are marked</source>
   <translation>{summary}. Wörter, die beim Basismodell fehlen, sind markiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>{summary}. Words that differ from {step} are marked</source>
   <translation>{summary}. Wörter, die bei {step} fehlen, sind markiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{time} ago</source>
   <translation>vor {time}</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{time} left</source>
   <translation>noch {time}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>{tokens} of {limit} tokens</source>
   <translation>{tokens} von {limit} Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{trainable} of {total}</source>
   <translation>{trainable} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/shell/device_meter.py" />
   <source>{used} of {total}</source>
   <translation>{used} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{value} B</source>
   <translation>{value} Mrd.</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{value} M</source>
   <translation>{value} Mio.</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{value} k</source>
   <translation>{value} Tsd.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{verdict}: {gain} against full fine-tuning, {interval}.</source>
   <translation>{verdict}: {gain} gegenüber vollständigem Fine-Tuning, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{verdict}: {gain} against the base model, {interval}.</source>
   <translation>{verdict}: {gain} gegenüber dem Basismodell, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{votes} by {voters}. A tie counts half. 95 % intervals over conversations.</source>
   <translation>{votes} von {voters}. Gleich gut zählt halb. 95-%-Intervalle über Gespräche.</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>{weights} trained</source>
   <translation>{weights} trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>{what} exported to {place}.</source>
   <translation>{what} nach {place} exportiert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>{written} of {count} written</source>
   <translation>{written} von {count} geschrieben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/history.py" />
   <source>{written}, one for each conversation; {others}</source>
   <translation>{written}, eine je Gespräch; {others}</translation>
  </message>
 </context>
 <context>
  <name>engine</name>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>"{1}" as "{2}"</source>
   <translation>„{1}“ als „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>"{1}" can't be combined with names.</source>
   <translation>„{1}“ lässt sich nicht mit Namen kombinieren.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>"{1}" can't be the name of a computer.</source>
   <translation>„{1}“ kann kein Name eines Computers sein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>"{1}" can't be the name of a file.</source>
   <translation>„{1}“ kann kein Dateiname sein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>"{1}" is a built-in template.</source>
   <translation>„{1}“ ist eine mitgelieferte Prompt-Vorlage.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>"{1}" is not an address.</source>
   <translation>„{1}“ ist keine Adresse.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>"{1}" is not table.key=value.</source>
   <translation>„{1}“ hat nicht die Form tabelle.schlüssel=wert.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>"{1}" is not {2}.</source>
   <translation>„{1}“ ist {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/errors.py" />
   <source>(and {1} more)</source>
   <translation>(und {1} weitere)</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>**Name**: text</source>
   <translation>**Name**: Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>**Name:** text</source>
   <translation>**Name:** Text</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>, but {1}</source>
   <translation>, aber {1}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>, {1} of memory free</source>
   <translation>, {1} Speicher frei</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>0 takes the most likely token; higher values sample, more randomly.</source>
   <translation>0 nimmt das wahrscheinlichste Token; höhere Werte ziehen Tokens, immer zufälliger.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>1 is greedy decoding; more are slower.</source>
   <translation>1 dekodiert greedy; mehr ist langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>1. Name: text</source>
   <translation>1. Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>26 Jul 2024</source>
   <translation>26 Jul 2024</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>8 or 4 bits take less memory; outputs differ slightly.</source>
   <translation>8 oder 4 Bit brauchen weniger Speicher; die Ausgaben sind leicht anders.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>8-bit optimizer</source>
   <translation>8-Bit-Optimierer</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>8-bit optimizers need bitsandbytes, which is not installed.</source>
   <translation>8-Bit-Optimierer brauchen bitsandbytes, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>&lt;SPEAKER NAME="Name"&gt;</source>
   <translation>&lt;SPEAKER NAME="Name"&gt;</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>A 4-bit base and an 8-bit optimizer</source>
   <translation>Ein 4-Bit-Basismodell und ein 8-Bit-Optimierer</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>A and B orthogonal at the start</source>
   <translation>A und B anfangs orthogonal</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>A base model for the language learns better.</source>
   <translation>Ein Basismodell für die Sprache lernt besser.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>A chat template of {1} has {2}; the limit is {3}.</source>
   <translation>Eine Chat-Vorlage von {1} hat {2}, gelesen werden höchstens {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation already in an earlier row</source>
   <translation>Ein Gespräch schon in einer früheren Zeile</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation also in a later split</source>
   <translation>Ein Gespräch auch in einem späteren Teil</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>A conversation each. Scanned pages contain no text.</source>
   <translation>Je ein Gespräch. Eingescannte Seiten enthalten keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation longer than {1} tokens</source>
   <translation>Ein Gespräch mit mehr als {1} Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>A conversation of several rows is named by its group.</source>
   <translation>Ein Gespräch aus mehreren Zeilen heißt nach seiner Gruppe.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation or summary in another language than most</source>
   <translation>Ein Gespräch oder eine Zusammenfassung in anderer Sprache als die meisten</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>A conversation per line; summaries in x.tgt or x.target.</source>
   <translation>Ein Gespräch je Zeile; Zusammenfassungen in x.tgt oder x.target.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>A conversation per thread, without quotes and signatures.</source>
   <translation>Ein Gespräch je Mailverlauf, ohne Zitate und Signaturen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>A conversation with its summary per row, or one turn per row.</source>
   <translation>Je Zeile ein Gespräch mit seiner Zusammenfassung oder ein Beitrag.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>A conversation, or a chat to split at pauses. Summaries in x.summary.txt beside x.txt, or in folders dialogues and summaries.</source>
   <translation>Ein Gespräch oder ein Chat, der an Pausen geteilt wird. Zusammenfassungen in x.summary.txt neben x.txt, oder in Ordnern dialogues und summaries.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>A few are normal; for many, use bfloat16 or float32.</source>
   <translation>Einige sind normal; bei vielen verwenden Sie bfloat16 oder float32.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>A file of {1} arrived damaged.</source>
   <translation>Eine Datei von {1} kam beschädigt an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>A file with "{1}" in its name would be used.</source>
   <translation>Eine Datei mit „{1}“ im Namen würde verwendet.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen layer, then a trained one: wide, narrow, wide</source>
   <translation>Eine eingefrorene Schicht, dann eine trainierte: breit, schmal, breit</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>A hub id looks like owner/name.</source>
   <translation>Eine Hub-ID sieht aus wie besitzer/name.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>A hub id, a file (table, chat export, mailbox, transcript, or a zip or gz of them), a folder, or "sample".</source>
   <translation>Eine Hub-ID, eine Datei (Tabelle, Chatexport, Postfach, Mitschrift oder ein zip oder gz davon), ein Ordner oder „sample“.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>A hub id, a folder, a GGUF file, or "starter" (the practice model).</source>
   <translation>Eine Hub-ID, ein Ordner, eine GGUF-Datei oder „starter“ (das Übungsmodell).</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>A library crashed the worker ({1}).</source>
   <translation>Eine Programmbibliothek hat den Arbeitsprozess zum Absturz gebracht ({1}).</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>A model folder contains config.json and model.safetensors.</source>
   <translation>Ein Modellordner enthält config.json und model.safetensors.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>A pause can't be {1} hours long.</source>
   <translation>Eine Pause von {1} Stunden ist nicht gültig.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>A repeated block, far fewer parameters</source>
   <translation>Ein wiederholter Block, weit weniger Parameter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>A resumed run may differ in its last digits.</source>
   <translation>Ein fortgesetzter Lauf kann in den letzten Stellen abweichen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>A resumed run may differ in its last digits. Turn them on with training.deterministic.</source>
   <translation>Ein fortgesetzter Lauf kann in den letzten Stellen abweichen. training.deterministic schaltet sie ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>A run can't continue such an adapter: {1}.</source>
   <translation>Ein Lauf kann einen solchen Adapter nicht weiter trainieren: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/sleep_inhibitor.py" />
   <source>A run is training</source>
   <translation>Ein Lauf trainiert gerade</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>A set can have {1} conversations at most.</source>
   <translation>Eine Sammlung fasst höchstens {1} Gespräche.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>A shared prompt and the task's part</source>
   <translation>Ein gemeinsamer Prompt und der Anteil der Aufgabe</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>A small network computes the prefix.</source>
   <translation>Ein kleines Netz berechnet das Prefix.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>A step has {1}, too few for {2} processes.</source>
   <translation>Ein Schritt hat {1}, zu wenige für {2} Prozesse.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A summary copied from its conversation</source>
   <translation>Eine Zusammenfassung, die aus ihrem Gespräch abgeschrieben ist</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A summary longer than its conversation</source>
   <translation>Eine Zusammenfassung, die länger ist als ihr Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A summary longer than {1} tokens</source>
   <translation>Eine Zusammenfassung mit mehr als {1} Tokens samt Ende</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>A thin network after each sublayer</source>
   <translation>Ein dünnes Netz nach jeder Teilschicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained norm before a frozen layer</source>
   <translation>Eine trainierte Norm vor einer eingefrorenen Schicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained vector that scales frozen W</source>
   <translation>Ein trainierter Vektor, der das eingefrorene W skaliert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained weight W</source>
   <translation>Ein trainiertes Gewicht W</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A transcript that names no speakers</source>
   <translation>Eine Mitschrift, die keine Sprecher nennt</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>A turn has no "{1}"; it has: {2}.</source>
   <translation>Einem Beitrag fehlt „{1}“; er enthält: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>A vector length of</source>
   <translation>Eine Vektorlänge von</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>A {1} × {2} weight has {3} parameters; at rank {4}, LoRA trains {5}, {6} % fewer.</source>
   <translation>Eine Gewichtsmatrix von {1} × {2} hat {3} Parameter; beim Rang {4} trainiert LoRA {5}, {6} % weniger.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Above 1, repeated tokens become less likely.</source>
   <translation>Über 1 werden wiederholte Tokens unwahrscheinlicher.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>Accept one first.</source>
   <translation>Nehmen Sie zuerst eine an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Accept them at {1}, then run `hf auth login` once.</source>
   <translation>Das geht auf {1}; führen Sie danach einmal `hf auth login` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Accept-Encoding</source>
   <translation>Accept-Encoding</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Activation</source>
   <translation>Aktivierung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Activation function between the two layers.</source>
   <translation>Aktivierungsfunktion zwischen den zwei Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>Activations are recomputed instead of stored</source>
   <translation>Aktivierungen werden zweimal berechnet statt gespeichert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>AdaLoRA</source>
   <translation>AdaLoRA</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Adafactor</source>
   <translation>Adafactor</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>AdamW</source>
   <translation>AdamW</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>AdamW with a quarter of its state</source>
   <translation>AdamW mit einem Viertel seines Zustands</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>AdamW, 8 bits</source>
   <translation>AdamW, 8 Bit</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>AdamW, 8 bits, paged</source>
   <translation>AdamW, 8 Bit, ausgelagert</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>AdamW, its 8-bit variants with a quarter of the state, or Adafactor with the least.</source>
   <translation>AdamW; seine 8-Bit-Varianten brauchen ein Viertel des Zustands; Adafactor braucht am wenigsten.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Adapter</source>
   <translation>Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Adapters</source>
   <translation>Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Add conversations with summaries.</source>
   <translation>Fügen Sie Gespräche mit Zusammenfassungen hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Add conversations, or name a file after "{1}".</source>
   <translation>Fügen Sie Gespräche hinzu, oder nehmen Sie „{1}“ in einen Dateinamen auf.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>Add its text.</source>
   <translation>Geben Sie seinen Text an.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Add {1} where the conversation goes.</source>
   <translation>Fügen Sie {1} für das Gespräch ein.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Adds a small network after attention and feed-forward. It learns what no weight change can, but can't be merged. (Houlsby et al. 2019; Pfeiffer et al. 2020)</source>
   <translation>Fügt nach Attention und Feed-Forward ein kleines Netz ein. Es lernt, was keine Änderung eines Gewichts kann, lässt sich aber nicht verschmelzen. (Houlsby et al. 2019; Pfeiffer et al. 2020)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Adds circular convolutions to each weight</source>
   <translation>Fügt jedem Gewicht zyklische Faltungen hinzu</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Adds many random, frozen pairs and trains only their scales, which reaches full rank. For when LoRA falls short; it is slower. (Albert et al. 2025)</source>
   <translation>Addiert viele zufällige, eingefrorene Paare und trainiert nur ihre Skalen, was den vollen Rang erreicht. Für den Fall, dass LoRA nicht reicht; es ist langsamer. (Albert et al. 2025)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Adds trained keys and values to every attention layer of the decoder, as if text came before. Can do more than prompt tuning.</source>
   <translation>Gibt jeder Attention-Schicht des Decoders trainierte Schlüssel und Werte, als stünde Text davor. Kann mehr als Prompt-Tuning.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Afrikaans</source>
   <translation>Afrikaans</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>After feed-forward only, at most half the parameters</source>
   <translation>Nur nach Feed-Forward, höchstens halb so viele Parameter</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>Against full fine-tuning</source>
   <translation>Gegen vollständiges Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>Against the base model</source>
   <translation>Gegen das Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Albanian</source>
   <translation>Albanisch</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Alive</source>
   <translation>Alive</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>All attention</source>
   <translation>Alle Attention</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe_diff.py" />
   <source>All entries share it: change this one, or create another arena.</source>
   <translation>Alle Einträge haben es gemeinsam: Ändern Sie diesen, oder legen Sie eine andere Arena an.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>All layers share a random, frozen pair and train two vectors that scale it. For many tiny adapters, at a high rank and learning rate. (Kopiczko et al. 2024)</source>
   <translation>Alle Schichten teilen sich ein zufälliges, eingefrorenes Paar und trainieren zwei Vektoren, die es skalieren. Für viele winzige Adapter, mit hohem Rang und hoher Lernrate. (Kopiczko et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>All methods</source>
   <translation>Alle Verfahren</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>All systems wrote the same summaries.</source>
   <translation>Alle Systeme haben dieselben Zusammenfassungen geschrieben.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>All {1} are on</source>
   <translation>Alle {1} sind an</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Allocate every</source>
   <translation>Neu verteilen alle</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Alpha</source>
   <translation>Alpha</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Alpha equals the rank, for the same scaling</source>
   <translation>Alpha gleich dem Rang, für gleiche Skalierung</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Also quantize the scales of 4-bit weights.</source>
   <translation>Auch die Skalen von 4-Bit-Gewichten quantisieren.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Also split the smaller factor into thin matrices.</source>
   <translation>Auch den kleineren Faktor in dünne Matrizen zerlegen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Amharic</source>
   <translation>Amharisch</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>An adapter needs a name.</source>
   <translation>Ein Adapter braucht einen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>An address looks like host:{1}.</source>
   <translation>Eine Adresse sieht so aus: host:{1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>An address looks like https://host or https://user:password@host:8443.</source>
   <translation>Eine Adresse sieht aus wie https://host oder https://benutzer:passwort@host:8443.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>An empty summary scores 0.</source>
   <translation>Eine leere Zusammenfassung zählt als 0.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>An int8 base model can't be sharded.</source>
   <translation>Ein Basismodell in int8 lässt sich nicht aufteilen.</translation>
  </message>
  <message>
   <location filename="../../engine/errors.py" />
   <source>And {1} more like this.</source>
   <translation>Und {1} weitere dieser Art.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/layer_merge.py" />
   <source>Ann: Shall we meet at 5 pm?
Bob: Yes, at the station.</source>
   <translation>Ann: Shall we meet at 5 pm?
Bob: Yes, at the station.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/multi_lora.py" />
   <source>Ann: Where are you?
Bob: At the office, till five.</source>
   <translation>Ann: Where are you?
Bob: At the office, till five.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_joining.py" />
   <source>Another process can't be started: {1}.</source>
   <translation>Ein weiterer Prozess lässt sich nicht starten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Another program has the GPU to itself: {1}.</source>
   <translation>Ein anderes Programm hat die GPU für sich allein: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Another program uses it. Set other ports with --port and --jobs-port.</source>
   <translation>Ein anderes Programm belegt ihn. Geben Sie mit --port und --jobs-port andere an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/device_report.py" />
   <source>Apple graphics</source>
   <translation>Apple-Grafik</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Apple's GPUs have no 8-bit optimizer.</source>
   <translation>Apples GPUs haben keinen 8-Bit-Optimierer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Apple's GPUs need Apple silicon and macOS 14. Choose "auto" or "cpu".</source>
   <translation>Apples GPUs brauchen einen Apple-Chip und macOS 14. Wählen Sie „auto“ oder „cpu“.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Applied to</source>
   <translation>Angewendet auf</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Applied to lists the base model's layers.</source>
   <translation>„Angewendet auf“ listet die Schichten des Basismodells auf.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Approximate rotations by a short series. Faster, and accurate while they are small.</source>
   <translation>Rotationen durch eine kurze Reihe annähern. Schneller, und genau, solange sie klein sind.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Arabic</source>
   <translation>Arabisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Arcee</source>
   <translation>Arcee</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Archives</source>
   <translation>Archive</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Archives of the other kinds.</source>
   <translation>Dateien der anderen Arten, gepackt.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Armenian</source>
   <translation>Armenisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Ask about files that lack the columns of others, or skip them.</source>
   <translation>Nach Dateien ohne die Spalten der anderen fragen oder sie auslassen.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>Ask for 0, or change training.device.</source>
   <translation>Geben Sie 0 an, oder ändern Sie training.device.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Ask for fewer GPUs.</source>
   <translation>Fordern Sie weniger GPUs an.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Ask whoever runs it. If the change is intended, remove the old key with ssh-keygen -R.</source>
   <translation>Fragen Sie, wer ihn betreibt. Ist die Änderung gewollt, entfernen Sie den alten Schlüssel mit ssh-keygen -R.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Ask whoever runs the cluster before you send anything.</source>
   <translation>Fragen Sie, wer den Cluster betreibt, bevor Sie etwas senden.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>Ask whoever runs the cluster.</source>
   <translation>Fragen Sie, wer den Cluster betreibt.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Assamese</source>
   <translation>Assamesisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Assigns columns by hand: {1}.</source>
   <translation>Ordnet Spalten von Hand zu: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>At final rank</source>
   <translation>Mit Endrang</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>At full rank</source>
   <translation>Mit vollem Rang</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>At most {1} fit.</source>
   <translation>Höchstens {1} lassen sich zeigen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>At most {1}.</source>
   <translation>Höchstens {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Attaching the adapter</source>
   <translation>Adapter wird angefügt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Attention and feed-forward ends of {1} models are unknown.</source>
   <translation>Wo Attention und Feed-Forward in {1}-Modellen enden, ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Authorization</source>
   <translation>Authorization</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Auto: plain prompt or chat format, whichever the base model scores better with. Recipe: the recipe's format.</source>
   <translation>Automatisch: einfacher Prompt oder Chat-Format, je nachdem, womit das Basismodell besser ist. Rezept: das Format des Rezepts.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Auto: the idle GPU with the most free memory, else the CPU. All: every GPU computes part of each step.</source>
   <translation>Auto: die freie GPU mit dem meisten Speicher, sonst die CPU. All: jede GPU rechnet einen Teil jedes Schritts.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Available GPUs ({1}): {2}.</source>
   <translation>Verfügbare GPUs ({1}): {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Average rank at the end. Important layers keep more.</source>
   <translation>Mittlerer Rang am Ende. Wichtige Schichten behalten mehr.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Azerbaijani</source>
   <translation>Aserbaidschanisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>B learns faster</source>
   <translation>B lernt schneller</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>Bank account number</source>
   <translation>Kontonummer</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Bank vectors mixed for each vector of a matrix.</source>
   <translation>Vektoren der Bank, die für jeden Vektor einer Matrix gemischt werden.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Base</source>
   <translation>Basis</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Base model</source>
   <translation>Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>Base model in 4 bits</source>
   <translation>Basismodell in 4 Bit</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Base model problem</source>
   <translation>Modellproblem</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Base's format</source>
   <translation>Format der Basis</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Basque</source>
   <translation>Baskisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Batch size</source>
   <translation>Batchgröße</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>Batch size is unchanged: {1}</source>
   <translation>Jeder Schritt nutzt weiter ebenso viel: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Beams</source>
   <translation>Beams</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Begin and end with a letter or number.</source>
   <translation>Beginnen und enden Sie mit einem Buchstaben oder einer Ziffer.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Belarusian</source>
   <translation>Belarussisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Bengali</source>
   <translation>Bengalisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Best by</source>
   <translation>Bester Stand nach</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Best: {1} at step {2}.</source>
   <translation>Am besten: {1} bei Schritt {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Better</source>
   <translation>Besser</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Better than the base model</source>
   <translation>Besser als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Better than the plain prompt</source>
   <translation>Besser als der einfache Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Between computers, conversations and weights are sent unencrypted, and data is accepted from anyone.</source>
   <translation>Zwischen Computern werden Gespräche und Gewichte unverschlüsselt gesendet und Daten von allen angenommen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Big5 (Traditional Chinese)</source>
   <translation>Big5 (traditionelles Chinesisch)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>BitFit</source>
   <translation>BitFit</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Block size</source>
   <translation>Blockgröße</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Blocks a side</source>
   <translation>Blöcke je Seite</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Blocks per side of each weight; must divide the rank and all layer widths. Empty: 2 up to rank 32, 4 above, if possible.</source>
   <translation>Blöcke je Seite jedes Gewichts; die Zahl muss den Rang und alle Schichtbreiten teilen. Leer: 2 bis Rang 32, darüber 4, wenn möglich.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Bootstrap</source>
   <translation>Bootstrap</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Bosnian</source>
   <translation>Bosnisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Both factors thin</source>
   <translation>Beide Faktoren dünn</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Bottleneck adapter</source>
   <translation>Engpass-Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Bottleneck adapters can't be merged.</source>
   <translation>Engpass-Adapter lassen sich nicht verschmelzen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Bottleneck size</source>
   <translation>Engpassgröße</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Boundary</source>
   <translation>Grenze</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Branch, tag or commit of a hub model.</source>
   <translation>Branch, Tag oder Commit eines Hub-Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Breton</source>
   <translation>Bretonisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Broken rows</source>
   <translation>Fehlerhafte Zeilen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Builds the change from circulant blocks: n parameters fill n × n entries. For a higher rank than LoRA with fewer parameters. (Chen et al. 2024)</source>
   <translation>Baut die Änderung aus zirkulanten Blöcken: n Parameter füllen n × n Einträge. Für höheren Rang als LoRA mit weniger Parametern. (Chen et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Bulgarian</source>
   <translation>Bulgarisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Burmese</source>
   <translation>Birmanisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>CTranslate2 can't convert this model: {1}.</source>
   <translation>CTranslate2 kann dieses Modell nicht umwandeln: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>CTranslate2 doesn't support this setting: {1}.</source>
   <translation>Mit dieser Einstellung dekodiert CTranslate2 nicht: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 doesn't support {1} bases.</source>
   <translation>CTranslate2 rechnet nicht mit Basismodellen in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>CTranslate2 is faster for small T5 models on a CPU, but shows only complete summaries and can't sample.</source>
   <translation>CTranslate2 ist mit kleinen T5-Modellen auf einer CPU schneller, zeigt aber nur ganze Zusammenfassungen und kann nicht sampeln.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 is not installed.</source>
   <translation>CTranslate2 ist nicht installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 needs a merged model, and {1} can't be merged: {2}.</source>
   <translation>CTranslate2 braucht ein verschmolzenes Modell, und {1} lässt sich nicht verschmelzen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 runs on the CPU here, not on {1}.</source>
   <translation>CTranslate2 rechnet hier auf der CPU, nicht auf {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/torch_build.py" />
   <source>CUDA {1}</source>
   <translation>CUDA {1}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Can't run: seed {1}.</source>
   <translation>Nicht lauffähig: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>Card number</source>
   <translation>Kartennummer</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Catalan</source>
   <translation>Katalanisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Cc</source>
   <translation>Cc</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Changes a few random entries directly</source>
   <translation>Ändert wenige zufällige Einträge direkt</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Changes during the run, each with the step before it.</source>
   <translation>Änderungen während des Laufs, jede mit dem Schritt davor.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Chat in a table</source>
   <translation>Chat in einer Tabelle</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Chat: a message in the base model's chat format. Plain: the prompt alone. Auto: chat if there is a template.</source>
   <translation>Chat: ein Beitrag im Chat-Format des Basismodells. Einfach: der Prompt allein. Automatisch: Chat, wenn es eine Vorlage gibt.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>ChatGPT conversations</source>
   <translation>Gespräche mit ChatGPT</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Chats and transcripts</source>
   <translation>Chats und Mitschriften</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Check it.</source>
   <translation>Prüfen Sie sie.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Check its owner.</source>
   <translation>Prüfen Sie den Besitzer.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Check its storage.</source>
   <translation>Prüfen Sie seinen Speicherort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Check power, cooling and slot, and restart the computer. {1}</source>
   <translation>Prüfen Sie Stromversorgung, Kühlung und Steckplatz, und starten Sie den Computer neu. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Check that rank 0 runs there and the port is open.</source>
   <translation>Prüfen Sie, ob dort Rank 0 läuft und der Port offen ist.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Check the address, and that `{1} node start` runs on its head.</source>
   <translation>Prüfen Sie die Adresse und ob `{1} node start` auf dem Kopfknoten läuft.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>Check the connection. Local models and conversations work without it.</source>
   <translation>Prüfen Sie die Verbindung. Lokale Modelle und Gespräche gehen auch ohne sie.</translation>
  </message>
  <message>
   <location filename="../../engine/data/check_results.py" />
   <source>Check the data again.</source>
   <translation>Prüfen Sie die Daten erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>Check the disk, then resume.</source>
   <translation>Prüfen Sie die Festplatte und setzen Sie fort.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Check the disk. {1}</source>
   <translation>Prüfen Sie die Festplatte. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Check the file's extension.</source>
   <translation>Prüfen Sie die Endung der Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Check the folder's permissions.</source>
   <translation>Prüfen Sie die Rechte des Ordners.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Check the name and the connection.</source>
   <translation>Prüfen Sie Name und Verbindung.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Check the name and whether SSH runs there.</source>
   <translation>Prüfen Sie den Namen, und ob SSH dort läuft.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Check the name.</source>
   <translation>Prüfen Sie den Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Check the path and its permissions.</source>
   <translation>Prüfen Sie den Pfad und seine Rechte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Check the path.</source>
   <translation>Prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Check the path; a hub id looks like owner/name.</source>
   <translation>Prüfen Sie den Pfad; eine Hub-ID sieht aus wie besitzer/name.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Check the spelling, or run `hf auth login` if it is private.</source>
   <translation>Prüfen Sie die Schreibweise, oder führen Sie `hf auth login` aus, wenn es privat ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Check their order or ids.</source>
   <translation>Prüfen Sie ihre Reihenfolge oder IDs.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Checking the conversations</source>
   <translation>Gespräche werden geprüft</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Checkpoint activations</source>
   <translation>Aktivierungen neu berechnen</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Checkpoint every</source>
   <translation>Prüfpunkt alle</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/event_schema.py" />
   <source>Checkpoints and the adapter have their own checksums.</source>
   <translation>Prüfpunkte und Adapter haben eigene Prüfsummen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Chinese</source>
   <translation>Chinesisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Choose "Write summaries".</source>
   <translation>Wählen Sie „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Choose "auto" or "cpu"; `{1} doctor` lists the devices.</source>
   <translation>Wählen Sie „auto“ oder „cpu“; `{1} doctor` sagt, was vorhanden ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>Choose "auto" or "plain".</source>
   <translation>Wählen Sie „automatisch“ oder „einfach“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>Choose "plain" to avoid it.</source>
   <translation>Wählen Sie „einfach“, um ohne sie auszukommen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Choose 1 to {1} seeds.</source>
   <translation>Wählen Sie 1 bis {1} Startwerte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Choose AdamW or Adafactor, or the device cpu.</source>
   <translation>Wählen Sie AdamW oder Adafactor, oder das Gerät cpu.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>Choose a column of texts.</source>
   <translation>Wählen Sie eine Spalte mit Texten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Choose a data set of plain files.</source>
   <translation>Wählen Sie einen Datensatz aus einfachen Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Choose a file with conversations and summaries.</source>
   <translation>Wählen Sie eine Datei mit Gesprächen und Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Choose a file with rows.</source>
   <translation>Wählen Sie eine Datei mit Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Choose a file with summaries.</source>
   <translation>Wählen Sie eine Datei mit Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Choose a method with fewer parameters, such as LoRA.</source>
   <translation>Wählen Sie ein Verfahren mit weniger Parametern, etwa LoRA.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Choose a model such as T5, BART, Llama or Qwen.</source>
   <translation>Wählen Sie ein Modell wie T5, BART, Llama oder Qwen.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/systems.py" />
   <source>Choose a run whose scoring is complete.</source>
   <translation>Wählen Sie einen Lauf, der zu Ende bewertet wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Choose a smaller base model.</source>
   <translation>Wählen Sie ein kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Choose a smaller micro-batch or base model.</source>
   <translation>Wählen Sie einen kleineren Mikrobatch oder ein kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>Choose a smaller micro-batch, or a quantized or smaller base model.</source>
   <translation>Wählen Sie einen kleineren Mikrobatch oder ein quantisiertes oder kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Choose a smaller seed.</source>
   <translation>Wählen Sie einen kleineren Startwert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Choose a split for the others, or skip them.</source>
   <translation>Wählen Sie einen Teil für die anderen, oder lassen Sie sie aus.</translation>
  </message>
  <message>
   <location filename="../../engine/config/general_text.py" />
   <source>Choose a text file with blank lines between passages, or "auto".</source>
   <translation>Wählen Sie eine Textdatei mit Leerzeilen zwischen den Abschnitten, oder „auto“.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Choose an nf4 base or eva.</source>
   <translation>Nehmen Sie ein nf4-Basismodell, oder eva.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Choose an nf4 base, or turn DoRA off.</source>
   <translation>Nehmen Sie ein nf4-Basismodell, oder schalten Sie DoRA aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>Choose another GGUF file.</source>
   <translation>Wählen Sie eine andere GGUF-Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Choose another column, or "Write summaries".</source>
   <translation>Wählen Sie eine andere Spalte, oder „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Choose another column.</source>
   <translation>Wählen Sie eine andere Spalte.</translation>
  </message>
  <message>
   <location filename="../../engine/system/csv_file.py" />
   <source>Choose another folder, or free some space.</source>
   <translation>Wählen Sie einen anderen Ordner, oder schaffen Sie Platz.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Choose another folder.</source>
   <translation>Wählen Sie einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/lora_init.py" />
   <source>Choose another initialisation, lower the rank, or add examples.</source>
   <translation>Wählen Sie eine andere Initialisierung, senken Sie den Rang, oder fügen Sie Beispiele hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/lora_init.py" />
   <source>Choose another initialisation.</source>
   <translation>Wählen Sie eine andere Initialisierung.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>Choose another method, or no adapter.</source>
   <translation>Wählen Sie ein anderes Verfahren oder keinen Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>Choose another name, or remove that one.</source>
   <translation>Wählen Sie einen anderen Namen, oder entfernen Sie diesen Computer.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Choose another name.</source>
   <translation>Wählen Sie einen anderen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Choose another one.</source>
   <translation>Wählen Sie etwas anderes.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Choose another port.</source>
   <translation>Wählen Sie einen anderen Port.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Choose another precision.</source>
   <translation>Wählen Sie ein anderes Zahlenformat.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/read_conversations.py" />
   <source>Choose another source.</source>
   <translation>Wählen Sie eine andere Quelle.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Choose another split with --split.</source>
   <translation>Wählen Sie mit --split einen anderen Teil.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Choose auto.</source>
   <translation>Wählen Sie „automatisch“.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>Choose auto: the cluster assigns the GPU.</source>
   <translation>Wählen Sie auto: Der Cluster weist die GPU zu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Choose auto; each process takes its own GPU.</source>
   <translation>Wählen Sie auto; jeder Prozess nimmt eine eigene GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Choose device all, or start several processes.</source>
   <translation>Wählen Sie das Gerät all, oder starten Sie mehrere Prozesse.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Choose eva or default, or turn DoRA off.</source>
   <translation>Nehmen Sie eva oder die Vorgabe, oder schalten Sie DoRA aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Choose fewer of the last blocks.</source>
   <translation>Wählen Sie weniger der letzten Blöcke.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Choose from more blocks.</source>
   <translation>Wählen Sie aus mehr Blöcken.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Choose how to make it fit.</source>
   <translation>Wählen Sie, wie es passen soll.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose its method to continue from it.</source>
   <translation>Wählen Sie sein Verfahren, um mit ihm weiterzumachen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Choose last blocks or names, or use full fine-tuning.</source>
   <translation>Wählen Sie letzte Blöcke oder Namen, oder nehmen Sie vollständiges Fine-Tuning.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Choose more seeds, or other entries.</source>
   <translation>Wählen Sie mehr Startwerte oder andere Einträge.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Choose nf4, or no quantization.</source>
   <translation>Wählen Sie nf4 oder keine Quantisierung.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Choose no quantization.</source>
   <translation>Wählen Sie als Quantisierung „keine“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>Choose one of the plans that fit.</source>
   <translation>Wählen Sie einen der Pläne, die passen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Choose one of them or "auto".</source>
   <translation>Wählen Sie eine davon oder „auto“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Choose one of those.</source>
   <translation>Wählen Sie einen davon.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>Choose one precision for all.</source>
   <translation>Wählen Sie eine Genauigkeit für alle.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Choose one that contains text.</source>
   <translation>Wählen Sie eines mit Wörtern darin.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Choose one.</source>
   <translation>Wählen Sie eine.</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>Choose one. {1}</source>
   <translation>Wählen Sie eine. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Choose others.</source>
   <translation>Wählen Sie andere.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Choose systems with the same conversations.</source>
   <translation>Wählen Sie Systeme mit denselben Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose the base model it was made for.</source>
   <translation>Wählen Sie das Basismodell, für das er gemacht ist.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Choose the conversation column.</source>
   <translation>Wählen Sie die Gesprächsspalte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Choose the file itself.</source>
   <translation>Wählen Sie die Datei selbst.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Choose the files with the conversations.</source>
   <translation>Wählen Sie die Dateien mit den Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Choose the folder that contains adapter_config.json.</source>
   <translation>Wählen Sie den Ordner, der adapter_config.json enthält.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Choose the folder that contains it.</source>
   <translation>Wählen Sie den Ordner, der sie enthält.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Choose the model's own file.</source>
   <translation>Wählen Sie die Datei des Modells selbst.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Choose the model's safetensors folder or hub id.</source>
   <translation>Wählen Sie den safetensors-Ordner des Modells oder seine Hub-ID.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Choose the plain form or an nf4 base.</source>
   <translation>Nehmen Sie die einfache Form oder ein nf4-Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Choose the repository of a PEFT adapter.</source>
   <translation>Wählen Sie das Repository eines PEFT-Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose the revision it was made for, or train it again.</source>
   <translation>Wählen Sie die Revision, für die er gemacht ist, oder trainieren Sie ihn neu.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Choose the summary column, or "Write summaries".</source>
   <translation>Wählen Sie die Spalte der Zusammenfassung, oder „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Choose the zip of an adapter.</source>
   <translation>Wählen Sie die ZIP-Datei eines Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Choose {1} or a lower rank.</source>
   <translation>Nehmen Sie {1} oder einen niedrigeren Rang.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Choose {1} or another initialisation.</source>
   <translation>Nehmen Sie {1} oder eine andere Initialisierung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>Choose {1}.</source>
   <translation>Wählen Sie {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Chosen layers</source>
   <translation>Ausgewählte Schichten</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>Classifier</source>
   <translation>Classifier</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Claude conversations</source>
   <translation>Gespräche mit Claude</translation>
  </message>
  <message>
   <location filename="../../engine/system/locks.py" />
   <source>Close it there.</source>
   <translation>Schließen Sie sie dort.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Close other programs before a run.</source>
   <translation>Schließen Sie vor einem Lauf andere Programme.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Close other programs, or choose a smaller model.</source>
   <translation>Schließen Sie andere Programme, oder wählen Sie ein kleineres Modell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>Close other programs, or choose smaller files.</source>
   <translation>Schließen Sie andere Programme, oder wählen Sie kleinere Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Close that program, or choose another device.</source>
   <translation>Schließen Sie dieses Programm, oder wählen Sie ein anderes Gerät.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Cn</source>
   <translation>Cn</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Co</source>
   <translation>Co</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Cohere</source>
   <translation>Cohere</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Cohere 2</source>
   <translation>Cohere 2</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Column "{1}" contains no lists of turns.</source>
   <translation>Spalte „{1}“ enthält keine Listen von Beiträgen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Column "{1}" contains {2}, not a {3}.</source>
   <translation>Spalte „{1}“ enthält {2}, nicht: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Column "{1}" has no {2} in the {3} split.</source>
   <translation>Spalte „{1}“ hat keine {2} im Teil {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Column "{1}" of "{2}" contains bytes, read as empty.</source>
   <translation>Spalte „{1}“ von „{2}“ enthält Bytes, als leer gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>Column "{1}" of {2} contains {3} and is not read.</source>
   <translation>Spalte „{1}“ von {2} enthält {3} und wird nicht gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Column mapping</source>
   <translation>Spaltenzuordnung</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Column with the conversation, or auto.</source>
   <translation>Spalte mit dem Gespräch, oder auto.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Column with the reference summary, or auto.</source>
   <translation>Spalte mit der Referenzzusammenfassung, oder auto.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_names.py" />
   <source>Columns: {1}.</source>
   <translation>Spalten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Completed</source>
   <translation>Abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Completed {1}</source>
   <translation>Abgeschlossen {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Computed columns of "{1}" are skipped: {2}.</source>
   <translation>Berechnete Spalten von „{1}“ werden ausgelassen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Connect once with `ssh {1}` and compare the fingerprint before you accept it.</source>
   <translation>Verbinden Sie sich einmal mit `ssh {1}` und vergleichen Sie den Fingerabdruck, bevor Sie ihn annehmen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Control or zero-width characters</source>
   <translation>Steuer- oder Nullbreitenzeichen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Conversation "{1}" (row {2} and more) has turns in several splits.</source>
   <translation>Das Gespräch „{1}“ (Zeile {2} und weitere) hat Beiträge in mehreren Teilen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Conversation alone</source>
   <translation>Nur das Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Conversation and summary can't be the same column.</source>
   <translation>Gespräch und Zusammenfassung können nicht dieselbe Spalte sein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Conversation column</source>
   <translation>Gesprächsspalte</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Conversation limit</source>
   <translation>Gesprächsgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Conversation over the limit</source>
   <translation>Gespräch über der Grenze</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Conversations</source>
   <translation>Gespräche</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/training_script.py" />
   <source>Conversations changed since {1} was trained.</source>
   <translation>Gespräche haben sich geändert, seit {1} trainiert wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Conversations of {1} changed; its votes don't count.</source>
   <translation>Gespräche von {1} haben sich geändert; seine Stimmen zählen nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Conversations over the training limit are cut, or summarised in parts and then as a whole.</source>
   <translation>Gespräche über der Trainingsgrenze werden gekürzt oder erst in Teilen und dann im Ganzen zusammengefasst.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Conversations with a summary in only one of them are not scored.</source>
   <translation>Gespräche mit einer Zusammenfassung in nur einer davon werden nicht bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>Convert it to a plain LoRA where it was made: save_pretrained with path_initial_model_for_weight_conversion.</source>
   <translation>Wandeln Sie ihn dort, wo er gemacht wurde, in eine einfache LoRA um: save_pretrained mit path_initial_model_for_weight_conversion.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Converting for CTranslate2</source>
   <translation>Wird für CTranslate2 umgewandelt</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>Copy JSON lines, a table or a chat first.</source>
   <translation>Kopieren Sie zuerst JSON-Zeilen, eine Tabelle oder einen Chat.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>Copy it again.</source>
   <translation>Kopieren Sie sie noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Copy it from the head; `{1} node start` prints its path.</source>
   <translation>Kopieren Sie sie vom Kopfknoten; `{1} node start` nennt ihren Pfad.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Copy its prompt instead.</source>
   <translation>Kopieren Sie stattdessen seinen Prompt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>Copy its tokenizer files too.</source>
   <translation>Kopieren Sie auch seine Tokenizer-Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Copy its tokenizer_config.json too.</source>
   <translation>Kopieren Sie auch seine tokenizer_config.json.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Copy or download it again.</source>
   <translation>Kopieren oder laden Sie sie erneut herunter.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Copy or export it again.</source>
   <translation>Kopieren oder exportieren Sie sie erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Copy or export the adapter again.</source>
   <translation>Kopieren oder exportieren Sie den Adapter erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>Copy the base model's folder.</source>
   <translation>Kopieren Sie den Ordner des Basismodells.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Copy the model's own tokenizer files.</source>
   <translation>Kopieren Sie die eigenen Tokenizer-Dateien des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Copy the original config.json.</source>
   <translation>Kopieren Sie die ursprüngliche config.json.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Copy the original {1}.</source>
   <translation>Kopieren Sie die ursprüngliche {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Copy your public key there (ssh-copy-id), or load it into your agent (ssh-add).</source>
   <translation>Kopieren Sie Ihren öffentlichen Schlüssel dorthin (ssh-copy-id), oder laden Sie ihn in Ihren Agenten (ssh-add).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>Correct the extension, or choose another file.</source>
   <translation>Korrigieren Sie die Endung, oder wählen Sie eine andere Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Crashed</source>
   <translation>Abgestürzt</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Crashed at step {1}</source>
   <translation>Abgestürzt bei Schritt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Crashed before the first step</source>
   <translation>Abgestürzt vor dem ersten Schritt</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Crashed {1}</source>
   <translation>Abgestürzt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Crashed {1} at step {2} of {3}</source>
   <translation>Abgestürzt {1} bei Schritt {2} von {3}</translation>
  </message>
  <message>
   <location filename="../../engine/system/desktop_entry.py" />
   <source>Create a shortcut to `tunesmith`.</source>
   <translation>Legen Sie eine Verknüpfung mit `tunesmith` an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Create one at {1}, then run `hf auth login`.</source>
   <translation>Erstellen Sie eines auf {1}, und führen Sie dann `hf auth login` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Croatian</source>
   <translation>Kroatisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Cs</source>
   <translation>Cs</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Cut at {1} tokens: {2} of {3} conversations.</source>
   <translation>Auf {1} Tokens gekürzt: {2} von {3} Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Cut at {1} tokens: {2} of {3} references.</source>
   <translation>Auf {1} Tokens gekürzt: {2} von {3} Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Cut at {1} tokens: {2} of {3} scored conversations.</source>
   <translation>Auf {1} Tokens gekürzt: {2} von {3} bewerteten Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Cut at {1} tokens: {2}.</source>
   <translation>Auf {1} Tokens gekürzt: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Czech</source>
   <translation>Tschechisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>DOS 866 (Cyrillic)</source>
   <translation>DOS 866 (kyrillisch)</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Damaged characters</source>
   <translation>Beschädigte Zeichen</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Damaged characters, or characters of one font only</source>
   <translation>Beschädigte Zeichen, oder Zeichen nur einer Schrift</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/event_schema.py" />
   <source>Damaged events of the run were skipped.</source>
   <translation>Beschädigte Ereignisse des Laufs wurden übersprungen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Danish</source>
   <translation>Dänisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Data</source>
   <translation>Daten</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Data problem</source>
   <translation>Datenproblem</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>DeLoRA</source>
   <translation>DeLoRA</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Decides the best state and early stopping. ROUGE-1 of few summaries is noisy.</source>
   <translation>Entscheidet über den besten Stand und die Geduld. ROUGE-1 weniger Zusammenfassungen schwankt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>DeepSpeed</source>
   <translation>DeepSpeed</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Default</source>
   <translation>Standard</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Default, gaussian: A random, B zero. orthogonal: A and B orthogonal. pissa, olora: factors of the weight. eva: main directions of the inputs.</source>
   <translation>Vorgabe, gaussian: A zufällig, B null. orthogonal: A und B orthogonal. pissa, olora: Faktoren des Gewichts. eva: Hauptrichtungen der Eingaben.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>Delete it, and add the computers again.</source>
   <translation>Sie löschen und die Computer neu hinzufügen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Delete it, then resume from the checkpoint before.</source>
   <translation>Löschen Sie ihn, und setzen Sie vom Prüfpunkt davor fort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Delete models you no longer use, or set HF_HOME to a larger disk.</source>
   <translation>Löschen Sie Modelle, die Sie nicht mehr brauchen, oder setzen Sie HF_HOME auf eine größere Festplatte.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Delete runs and base models you no longer use.</source>
   <translation>Löschen Sie Läufe und Basismodelle, die Sie nicht mehr brauchen.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Deleted account</source>
   <translation>Gelöschtes Konto</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Details are in {1}.</source>
   <translation>Einzelheiten stehen in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Deterministic</source>
   <translation>Deterministisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Deterministic algorithms are off from step {1}: {2} has none.</source>
   <translation>Deterministische Verfahren sind ab Schritt {1} aus: Für {2} gibt es keines.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Deterministic algorithms are off: they are slow for so many parameters.</source>
   <translation>Deterministische Verfahren sind aus: Bei so vielen Parametern sind sie langsam.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Deterministic algorithms are on.</source>
   <translation>Deterministische Verfahren sind an.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Device</source>
   <translation>Gerät</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Device problem</source>
   <translation>Geräteproblem</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Device: auto, all, cpu, mps, xpu, or a GPU such as cuda:0.</source>
   <translation>Gerät: auto, all, cpu, mps, xpu oder eine GPU wie cuda:0.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Did you mean {1} ({2})?</source>
   <translation>Meinten Sie {1} ({2})?</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Did you mean {1}?</source>
   <translation>Meinten Sie {1}?</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Different language</source>
   <translation>Andere Sprache als die übrigen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Directions of the change, each of length one.</source>
   <translation>Richtungen der Änderung, jede mit der Länge eins.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Discord messages</source>
   <translation>Discord-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Disk</source>
   <translation>Festplatte</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>DoRA</source>
   <translation>DoRA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>DoRA doesn't work on an int8 base.</source>
   <translation>DoRA geht nicht mit einem int8-Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>DoRA doesn't work with the initialisation {1}.</source>
   <translation>DoRA geht nicht mit der Initialisierung {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Documents</source>
   <translation>Dokumente</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Doesn't work</source>
   <translation>Er funktioniert nicht</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/sandboxed.py" />
   <source>Don't trust this file, or save it as csv or jsonl first.</source>
   <translation>Trauen Sie dieser Datei nicht, oder speichern Sie sie zuerst als csv oder jsonl.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Don't trust this file.</source>
   <translation>Trauen Sie dieser Datei nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>Don't trust this model, or copy its original tokenizer files.</source>
   <translation>Trauen Sie diesem Modell nicht, oder kopieren Sie seine ursprünglichen Tokenizer-Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Don't trust this model, or remove its chat template.</source>
   <translation>Trauen Sie diesem Modell nicht, oder nehmen Sie seine Chat-Vorlage heraus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Don't trust this model.</source>
   <translation>Trauen Sie diesem Modell nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>Don't use it, or ask who made it.</source>
   <translation>Verwenden Sie ihn nicht, oder fragen Sie, wer ihn gemacht hat.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Double quantization</source>
   <translation>Doppelte Quantisierung</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>Download it here first.</source>
   <translation>Laden Sie es zuerst hier herunter.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Download or copy the file again.</source>
   <translation>Laden oder kopieren Sie die Datei noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_files.py" />
   <source>Download or copy the whole model again.</source>
   <translation>Laden oder kopieren Sie das ganze Modell noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Downloading</source>
   <translation>Wird heruntergeladen</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>Drop one folder, or only files.</source>
   <translation>Legen Sie einen Ordner ab oder nur Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Dropout</source>
   <translation>Dropout</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Dropout acts only between the layers of an LSTM.</source>
   <translation>Dropout wirkt nur zwischen den Schichten eines LSTM.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Duplicate conversations</source>
   <translation>Doppelte Gespräche</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Dutch</source>
   <translation>Niederländisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>E-mail address</source>
   <translation>E-Mail-Adresse</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>ERNIE 4.5</source>
   <translation>ERNIE 4.5</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>EUC-JP (Japanese)</source>
   <translation>EUC-JP (japanisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>EUC-KR (Korean)</source>
   <translation>EUC-KR (koreanisch)</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/lora_init.py" />
   <source>EVA needs at least {1} tokens; the training examples have {2}.</source>
   <translation>EVA braucht mindestens {1} Tokens; die Trainingsbeispiele haben {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/lora_init.py" />
   <source>EVA needs training examples.</source>
   <translation>EVA braucht Trainingsbeispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>EXAONE 4</source>
   <translation>EXAONE 4</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Each process holds all trained parameters. Use {1}.</source>
   <translation>Jeder Prozess hält alles, was trainiert wird. Nehmen Sie {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Empty conversation</source>
   <translation>Leeres Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Empty in {1}: {2} of {3}.</source>
   <translation>Leer in {1}: {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Empty summary</source>
   <translation>Leere Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Empty: {1} of {2} {3}.</source>
   <translation>Leer: {1} von {2} {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder</source>
   <translation>Encoder</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder dropout</source>
   <translation>Encoder-Dropout</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder layers</source>
   <translation>Encoder-Schichten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder width</source>
   <translation>Encoder-Breite</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Encoding</source>
   <translation>Kodierung</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Encoding of text files. Auto: UTF-8 if it fits, otherwise detected.</source>
   <translation>Zeichenkodierung von Textdateien. Automatisch: UTF-8, wenn es passt, sonst erkannt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Ends training after this time, evaluations and pauses excluded.</source>
   <translation>Beendet das Training nach dieser Zeit, Bewertungen und Pausen nicht gerechnet.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>English</source>
   <translation>Englisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/summary_metrics.py" />
   <source>English ROUGE reads only a to z and 0 to 9; set another language with {1}.</source>
   <translation>Im Englischen liest ROUGE nur a bis z und 0 bis 9; eine andere Sprache stellt {1} ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Enter a name.</source>
   <translation>Geben Sie einen Namen ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Epochs</source>
   <translation>Epochen</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Esperanto</source>
   <translation>Esperanto</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Estonian</source>
   <translation>Estnisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Evaluate every</source>
   <translation>Bewerten alle</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>EventMessageDetail</source>
   <translation>EventMessageDetail</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Events can't be written.</source>
   <translation>Ereignisse lassen sich nicht schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Events can't be written: the disk is full.</source>
   <translation>Ereignisse lassen sich nicht schreiben: Die Festplatte ist voll.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Events can't be written: the disk is read-only.</source>
   <translation>Ereignisse lassen sich nicht schreiben: Die Festplatte ist schreibgeschützt.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Every method at its preset</source>
   <translation>Jedes Verfahren mit seiner Vorlage</translation>
  </message>
  <message>
   <location filename="../../engine/arena/rows.py" />
   <source>Every score equals the base model's.</source>
   <translation>Jede Wertung ist gleich der des Basismodells.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Everything, only weights, only biases, or only norms.</source>
   <translation>Alles, nur Gewichte, nur Biases oder nur Normen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Examples</source>
   <translation>Beispiele</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Examples in the prompt</source>
   <translation>Beispiele im Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Examples in the prompt: the first of the training split, which are then not trained on.</source>
   <translation>Beispiele im Prompt: die ersten des Trainingsteils, auf denen dann nicht trainiert wird.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Examples per optimizer step.</source>
   <translation>Beispiele je Optimiererschritt. Wie viele davon auf einmal berechnet werden, ändert Tempo und Speicher, nicht das Ergebnis.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Examples shown</source>
   <translation>Gezeigte Beispiele</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Examples that share a step: of similar length, which saves padding, or any.</source>
   <translation>Beispiele, die sich einen Schritt teilen: ähnlich lange, was Auffüllung spart, oder beliebige.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Exclude fewer findings.</source>
   <translation>Schließen Sie weniger Befunde aus.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Excluded findings</source>
   <translation>Ausgeschlossene Befunde</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Excluded rows, {1} ({2}).</source>
   <translation>Zeilen ausgelassen, {1} ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Excludes rows with these findings.</source>
   <translation>Schließt Zeilen mit diesen Befunden aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>Expected a turn with "{1}", found {2}.</source>
   <translation>Wo ein Beitrag mit „{1}“ stehen sollte, steht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Export it as a plain model (--to merged) and choose that folder.</source>
   <translation>Exportieren Sie ihn als einfaches Modell (--to merged), und wählen Sie diesen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Export it as a plain model (--to merged), if possible, and send that (--model).</source>
   <translation>Exportieren Sie ihn, wenn möglich, als einfaches Modell (--to merged), und senden Sie dieses (--model).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>Export it as ctranslate2 or gguf.</source>
   <translation>Exportieren Sie ihn als ctranslate2 oder gguf.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Export it as mbox, for example with Thunderbird.</source>
   <translation>Exportieren Sie es als mbox, zum Beispiel mit Thunderbird.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Export it as merged or ctranslate2.</source>
   <translation>Exportieren Sie ihn als merged oder ctranslate2.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>Export it as merged.</source>
   <translation>Exportieren Sie ihn als merged.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>Export it as peft instead.</source>
   <translation>Exportieren Sie ihn stattdessen als peft.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Export it as text, one turn a line, for example with ELAN or CLAN.</source>
   <translation>Exportieren Sie es als Text, ein Beitrag pro Zeile, zum Beispiel mit ELAN oder CLAN.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>Export the adapter instead.</source>
   <translation>Exportieren Sie stattdessen den Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>FLAN-T5, t5-v1_1</source>
   <translation>FLAN-T5, t5-v1_1</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Factor</source>
   <translation>Faktor</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Factor of what the adapter adds.</source>
   <translation>Faktor dessen, was der Adapter addiert.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Failed</source>
   <translation>Fehlgeschlagen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Failed at step {1}</source>
   <translation>Fehlgeschlagen bei Schritt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Failed before the first step</source>
   <translation>Fehlgeschlagen vor dem ersten Schritt</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Failed {1}</source>
   <translation>Fehlgeschlagen {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Failed {1} at step {2} of {3}</source>
   <translation>Fehlgeschlagen {1} bei Schritt {2} von {3}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Failed: seed {1}.</source>
   <translation>Fehlgeschlagen: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Fast rotation</source>
   <translation>Schnelle Rotation</translation>
  </message>
  <message>
   <location filename="../../engine/system/redaction.py" />
   <source>File "</source>
   <translation>File "</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Files like {1} can't be read.</source>
   <translation>{1} ist keine Art von Datei, die gelesen werden kann.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Files of {1} changed since {2} was trained.</source>
   <translation>Dateien von {1} haben sich geändert, seit {2} trainiert wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Files with other columns</source>
   <translation>Dateien mit anderen Spalten</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Files without a split</source>
   <translation>Dateien ohne Teil</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Filipino</source>
   <translation>Filipino</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>Fill it in, or remove the row.</source>
   <translation>Füllen Sie das Feld aus, oder nehmen Sie die Zeile heraus.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Finish the run, or save a checkpoint and stop.</source>
   <translation>Den Lauf zu Ende bringen oder einen Prüfpunkt speichern und stoppen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Finnish</source>
   <translation>Finnisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Fix them, or read the other rows.</source>
   <translation>Reparieren Sie sie, oder lesen Sie die anderen Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Folders</source>
   <translation>Ordner</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>For example: "{1}"</source>
   <translation>Zum Beispiel: „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>For someone who missed it</source>
   <translation>Für jemanden, der nicht dabei war</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>ForCausalLM</source>
   <translation>ForCausalLM</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Form</source>
   <translation>Form</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>FourierFT</source>
   <translation>FourierFT</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of names, numbers, times and dates that are not in the conversation. Names need capital letters; number words are read in English only.</source>
   <translation>Anteil der Namen, Zahlen, Uhrzeiten und Daten, die nicht im Gespräch stehen. Namen brauchen Großbuchstaben; Zahlwörter werden nur auf Englisch gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of summaries that end at the length limit.</source>
   <translation>Anteil der Zusammenfassungen, die an der Längengrenze enden.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Fraction of the activations between LSTM layers dropped in training.</source>
   <translation>Anteil der Aktivierungen zwischen den LSTM-Schichten, der beim Training wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the adapted layers skipped in a training step.</source>
   <translation>Anteil der angepassten Schichten, der in einem Trainingsschritt ausgelassen wird.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Fraction of the adapter's inputs dropped in training.</source>
   <translation>Anteil der Eingaben des Adapters, der beim Training wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Fraction of the blocks left unrotated in a training step.</source>
   <translation>Anteil der Blöcke, der in einem Trainingsschritt nicht rotiert wird.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the change's rows dropped in a training step.</source>
   <translation>Anteil der Zeilen der Änderung, der in einem Trainingsschritt wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Fraction of the hidden layer dropped in training.</source>
   <translation>Anteil der verborgenen Schicht, der beim Training wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the steps before ranks are reduced.</source>
   <translation>Anteil der Schritte, bevor Ränge gesenkt werden.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the steps in which ranks no longer change.</source>
   <translation>Anteil der Schritte, in denen sich Ränge nicht mehr ändern.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Fraction of the steps with rising learning rate.</source>
   <translation>Anteil der Schritte mit steigender Lernrate.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of word pairs that are not in the conversation.</source>
   <translation>Anteil der Wortpaare, die im Gespräch fehlen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of words that are not in the conversation.</source>
   <translation>Anteil der Wörter, die im Gespräch fehlen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/row_store.py" />
   <source>Free some disk space, or limit the rows.</source>
   <translation>Geben Sie Speicherplatz frei, oder begrenzen Sie die Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Free some disk space, then resume from the checkpoint before.</source>
   <translation>Schaffen Sie Platz auf der Festplatte, und setzen Sie vom Prüfpunkt davor fort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>Free some disk space, then resume.</source>
   <translation>Schaffen Sie Platz auf der Festplatte und setzen Sie fort.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Free some disk space.</source>
   <translation>Schaffen Sie Platz auf der Festplatte.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Free some space there.</source>
   <translation>Schaffen Sie dort Platz.</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>Free some space, or check the folder.</source>
   <translation>Schaffen Sie Platz, oder prüfen Sie den Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Free some space, or set TUNESMITH_HOME to another disk.</source>
   <translation>Schaffen Sie Platz, oder setzen Sie TUNESMITH_HOME auf einen anderen Datenträger.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Free some space.</source>
   <translation>Schaffen Sie Platz.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Free some space. {1}</source>
   <translation>Schaffen Sie Platz. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>French</source>
   <translation>Französisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Frequencies</source>
   <translation>Frequenzen</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Frisian</source>
   <translation>Friesisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>From the first step: {1} {2} (was {3}).</source>
   <translation>Vom ersten Schritt an: {1} {2}; vorher {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>From {1}; its prompt is unknown.</source>
   <translation>Aus {1}: Der Prompt dazu ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>From: Name</source>
   <translation>Von: Name</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a few trained entries</source>
   <translation>Eingefrorenes W plus einige trainierte Einträge</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a pair B and A, composed of vectors from a trained, shared bank</source>
   <translation>Eingefrorenes W plus ein Paar B und A aus Vektoren einer trainierten, gemeinsamen Bank</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a random, frozen pair B and A, scaled by two trained vectors</source>
   <translation>Eingefrorenes W plus ein zufälliges, eingefrorenes Paar B und A, skaliert durch zwei trainierte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a thin trained pair for each block</source>
   <translation>Eingefrorenes W plus ein dünnes trainiertes Paar für jeden Block</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a trained change</source>
   <translation>Eingefrorenes W plus eine trainierte Änderung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a trained pair B and A</source>
   <translation>Eingefrorenes W plus ein trainiertes Paar B und A</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus a trained pair B and A of length one, times a trained strength</source>
   <translation>Eingefrorenes W plus ein trainiertes Paar B und A der Länge eins, mal eine trainierte Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus one trained block D, repeated for each shard</source>
   <translation>Eingefrorenes W plus ein trainierter Block D, wiederholt für jede Scherbe</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus random waves of trained strength</source>
   <translation>Eingefrorenes W plus zufällige Wellen trainierter Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus random, frozen pairs B and A, each scaled by two trained vectors</source>
   <translation>Eingefrorenes W plus zufällige, eingefrorene Paare B und A, jedes skaliert durch zwei trainierte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus the Kronecker product of two trained matrices</source>
   <translation>Eingefrorenes W plus das Kronecker-Produkt zweier trainierter Matrizen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus trained biases b</source>
   <translation>Eingefrorenes W plus trainierte Biases b</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus trained blocks, each row the one above shifted by one</source>
   <translation>Eingefrorenes W plus trainierte Blöcke, jede Zeile die darüber, um eins verschoben</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W plus two trained pairs, multiplied entry by entry</source>
   <translation>Eingefrorenes W plus zwei trainierte Paare, Eintrag für Eintrag multipliziert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Frozen W times a trained rotation R of its inputs</source>
   <translation>Eingefrorenes W mal eine trainierte Rotation R seiner Eingaben</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Full fine-tuning</source>
   <translation>Vollständiges Fine-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning has only one seed, so its spread is missing.</source>
   <translation>Vollständiges Fine-Tuning hat nur einen Startwert, deshalb fehlt seine Streuung.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning is not scored.</source>
   <translation>Vollständiges Fine-Tuning ist nicht bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning was scored on other conversations.</source>
   <translation>Vollständiges Fine-Tuning wurde an anderen Gesprächen bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Full-rank sum of random pairs</source>
   <translation>Summe zufälliger Paare mit vollem Rang</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>GBK (Simplified Chinese)</source>
   <translation>GBK (vereinfachtes Chinesisch)</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>GGUF files need the package gguf, which is not installed.</source>
   <translation>GGUF-Dateien brauchen das Paket gguf, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Galician</source>
   <translation>Galicisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Gaussian start</source>
   <translation>Gauß-Start</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma</source>
   <translation>Gemma</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma 2</source>
   <translation>Gemma 2</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma 3</source>
   <translation>Gemma 3</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>General text</source>
   <translation>Allgemeiner Text</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Georgian</source>
   <translation>Georgisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>German</source>
   <translation>Deutsch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Give all ranks the same conversations, or only rank 0.</source>
   <translation>Geben Sie allen Ranks dieselben Gespräche oder nur Rank 0.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>Give each column a different name.</source>
   <translation>Geben Sie jeder Spalte einen eigenen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>Give it another name.</source>
   <translation>Geben Sie ihm einen anderen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Give summaries of the same conversations.</source>
   <translation>Geben Sie Zusammenfassungen derselben Gespräche an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Give the same "{1}" to all its rows.</source>
   <translation>Geben Sie allen ihren Zeilen dasselbe „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Go online once to download it (77 MB).</source>
   <translation>Gehen Sie einmal online, um ihn herunterzuladen (77 MB).</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Google Chat</source>
   <translation>Google Chat</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Google Chat messages</source>
   <translation>Nachrichten aus Google Chat</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>GraLoRA</source>
   <translation>GraLoRA</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Gradient clipping</source>
   <translation>Gradientenbegrenzung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_loop.py" />
   <source>Gradients overflow in float16, at step {1} and every step before.</source>
   <translation>Gradienten laufen in float16 über, bei Schritt {1} und allen davor.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Granite</source>
   <translation>Granite</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Greek</source>
   <translation>Griechisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Gujarati</source>
   <translation>Gujarati</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Hausa</source>
   <translation>Hausa</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Hebrew</source>
   <translation>Hebräisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Helium</source>
   <translation>Helium</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>High ranks keep learning</source>
   <translation>Hohe Ränge lernen weiter</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Higher</source>
   <translation>Höher</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Hindi</source>
   <translation>Hindi</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Houlsby</source>
   <translation>Houlsby</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Houlsby: after attention and feed-forward. Pfeiffer: after feed-forward only, with at most half the parameters.</source>
   <translation>Houlsby: nach Attention und Feed-Forward. Pfeiffer: nur nach Feed-Forward, mit höchstens halb so vielen Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>How to use files that name no split, if others do.</source>
   <translation>Wofür Dateien verwendet werden, die keinen Teil nennen, wenn andere es tun.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Hub</source>
   <translation>Hub</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Hungarian</source>
   <translation>Ungarisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Hypotheses followed in parallel. 1 is greedy decoding; more are slower.</source>
   <translation>Hypothesen, die parallel verfolgt werden. 1 dekodiert greedy; mehr ist langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>IRC log</source>
   <translation>IRC-Protokoll</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>ISO 8859-2 (Central European)</source>
   <translation>ISO 8859-2 (mitteleuropäisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>ISO 8859-5 (Cyrillic)</source>
   <translation>ISO 8859-5 (kyrillisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Icelandic</source>
   <translation>Isländisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>If something fails, install {1}.</source>
   <translation>Installieren Sie {1}, falls etwas fehlschlägt.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>If the last turn is one, write last_turn = "summary" into data.columns.</source>
   <translation>Ist der letzte Beitrag eine, schreiben Sie last_turn = "summary" in data.columns.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>If the window closes</source>
   <translation>Wenn das Fenster zugeht</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>If there are many, lower the learning rate.</source>
   <translation>Senken Sie die Lernrate, wenn es viele sind.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>If they may be published, add --with-conversations.</source>
   <translation>Geben Sie --with-conversations an, wenn sie das dürfen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>If you trust the adapter, remove the setting.</source>
   <translation>Wenn Sie dem Adapter trauen, entfernen Sie die Einstellung.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Igbo</source>
   <translation>Igbo</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Import it again.</source>
   <translation>Importieren Sie ihn noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>Import the folder; that writes one.</source>
   <translation>Importieren Sie den Ordner; dabei entsteht eine.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>In WhatsApp, choose More, Export chat, then choose that zip or txt here.</source>
   <translation>Wählen Sie in WhatsApp „Mehr“, „Chat exportieren“, und dann hier diese zip- oder txt-Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>In a recipe: data.prompt and data.shots.</source>
   <translation>Im Rezept: data.prompt und data.shots.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>In a separate row: seed {1}.</source>
   <translation>In einer eigenen Zeile: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>In more than one split</source>
   <translation>In mehr als einem Teil</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>In {1}, only digits are checked</source>
   <translation>In {1} zählen nur Ziffern</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>In {1}, only names and digits are checked</source>
   <translation>In {1} zählen nur Namen und Ziffern</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>In {1}, only numbers, times and dates are checked</source>
   <translation>In {1} zählen nur Zahlen, Uhrzeiten und Daten</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Indonesian</source>
   <translation>Indonesisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Initial prefix: keys and values of a text, or random. With projection always random.</source>
   <translation>Anfangswerte des Prefix: Schlüssel und Werte eines Textes, oder zufällig. Mit Projektion immer zufällig.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Initial rank</source>
   <translation>Anfangsrang</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Initial value of the trained scales.</source>
   <translation>Anfangswert der trainierten Skalen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Initial vectors: embeddings of a text or of random words, or random values.</source>
   <translation>Anfangswerte der Vektoren: Embeddings eines Textes oder zufälliger Wörter, oder Zufallswerte.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Initialisation</source>
   <translation>Initialisierung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Input vectors computed by a small network</source>
   <translation>Eingabevektoren, die ein kleines Netz berechnet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Inputs rotated together, rounded to a divisor of the layer's width. Larger blocks learn more, with more parameters.</source>
   <translation>Eingaben, die zusammen rotiert werden, gerundet auf einen Teiler der Schichtbreite. Größere Blöcke lernen mehr, mit mehr Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Inputs rotated together; must divide all input widths. Larger blocks learn more, with more parameters.</source>
   <translation>Eingaben, die zusammen rotiert werden; die Größe muss alle Eingabebreiten teilen. Größere Blöcke lernen mehr, mit mehr Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Inserts a few trained vectors before the conversation, like an instruction without words. Needs a high learning rate and patience.</source>
   <translation>Fügt vor dem Gespräch einige trainierte Vektoren ein, wie eine Anweisung ohne Wörter. Braucht eine hohe Lernrate und Geduld.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Install OpenSSH's client.</source>
   <translation>Installieren Sie den Client von OpenSSH.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install Tunesmith there.</source>
   <translation>Installieren Sie dort Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Install it there, and run `{1} node start`.</source>
   <translation>Installieren Sie es dort, und führen Sie `{1} node start` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install it there, and {1}.</source>
   <translation>Installieren Sie es dort, und {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Install its driver and restart the computer.</source>
   <translation>Installieren Sie ihren Treiber, und starten Sie den Computer neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Install llama.cpp, or choose int8.</source>
   <translation>Installieren Sie llama.cpp, oder wählen Sie int8.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Install pip: python -m ensurepip, or uv tool install --with pip.</source>
   <translation>Installieren Sie pip: python -m ensurepip oder uv tool install --with pip.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Install the driver of the {1} and restart the computer.</source>
   <translation>Installieren Sie den Treiber der {1} und starten Sie den Computer neu.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install the same version for bit-identical results.</source>
   <translation>Installieren Sie für bitgleiche Ergebnisse dieselbe Version.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install the same version on both.</source>
   <translation>Installieren Sie auf beiden dieselbe Version.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Install the same versions on all computers.</source>
   <translation>Installieren Sie auf allen Computern dieselben Versionen.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Install the {1} build of torch (see pytorch.org) into {2}.</source>
   <translation>Installieren Sie die {1}-Fassung, die pytorch.org für dieses System nennt, in {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Install torch for an older CUDA, or choose cpu.</source>
   <translation>Installieren Sie torch für ein älteres CUDA, oder wählen Sie cpu.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Install {1}.</source>
   <translation>Installieren Sie {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/torch_build.py" />
   <source>Intel graphics</source>
   <translation>Intel-Grafik</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Invisible characters</source>
   <translation>Unsichtbare Zeichen</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Irish</source>
   <translation>Irisch</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Is its head overloaded?</source>
   <translation>Ist sein Kopfknoten überlastet?</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/layer_merge.py" />
   <source>It changes shared weights. Export the adapter instead.</source>
   <translation>Er ändert gemeinsame Gewichte. Exportieren Sie stattdessen den Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>It contains adapters in folders, such as {1}. Download one and import its folder.</source>
   <translation>Es enthält Adapter in Ordnern, etwa {1}. Laden Sie einen herunter und importieren Sie seinen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>It continues at {1}.</source>
   <translation>Er geht auf {1} weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>It could overwrite the base model. Export the adapter again.</source>
   <translation>Er könnte das Basismodell überschreiben. Exportieren Sie den Adapter erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>It counts as one turn of the first speaker.</source>
   <translation>Es zählt als ein Beitrag des ersten Sprechers.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>It crashed. The queue resumes it from its checkpoint.</source>
   <translation>Er ist abgestürzt. Die Warteschlange setzt ihn von seinem Prüfpunkt fort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>It doesn't fit into memory.</source>
   <translation>Der Arbeitsspeicher reicht nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>It doesn't fit into the device's memory.</source>
   <translation>Der Speicher des Geräts reicht nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>It doesn't report its prompt tokens.</source>
   <translation>Die Tokens seiner Prompts nennt es nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/programs.py" />
   <source>It ended with {1}.</source>
   <translation>Er endete mit {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>It gave no reason.</source>
   <translation>Es kam keine Meldung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>It has {1}.</source>
   <translation>Es hat {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>It has: {1}.</source>
   <translation>Sie enthält: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>It is a model; use it as a base model.</source>
   <translation>Es ist ein Modell; verwenden Sie es als Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>It is kept in {1}.</source>
   <translation>Es liegt in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>It is used by: {1}.</source>
   <translation>Sie wird genutzt von: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>It may need a later PEFT.</source>
   <translation>Er braucht vielleicht ein späteres PEFT.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>It mixes more vectors than the bank has.</source>
   <translation>Es werden mehr Vektoren gemischt, als die Bank enthält.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>It names no speakers.</source>
   <translation>Es nennt keine Sprecher.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>It runs on another computer.</source>
   <translation>Er läuft auf einem anderen Computer.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>It says more than the conversation.</source>
   <translation>Sie sagt mehr als das Gespräch.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>It supports schema {1}.</source>
   <translation>Sie liest Schema {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>It was not asked for.</source>
   <translation>Es war nicht verlangt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>It works on {1}.</source>
   <translation>Es arbeitet mit {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Italian</source>
   <translation>Italienisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>Its chat format may give better summaries.</source>
   <translation>In seinem eigenen Format schreibt er vielleicht bessere Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/rows.py" />
   <source>Its general loss was measured on another text.</source>
   <translation>Sein allgemeiner Verlust wurde an einem anderen Text gemessen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>Its items are lists.</source>
   <translation>Ihre Elemente sind Listen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Its last log lines:</source>
   <translation>Seine letzten Protokollzeilen:</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Its log is {1}.</source>
   <translation>Das Protokoll ist {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Its names: {1}, as in {2}.</source>
   <translation>Namen dort: {1}, wie in {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>Its run is gone. Run it again, or remove it.</source>
   <translation>Sein Lauf ist weg. Führen Sie ihn noch einmal aus, oder entfernen Sie ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>Its summaries can't be read. Add the file again.</source>
   <translation>Seine Zusammenfassungen sind nicht lesbar. Fügen Sie die Datei erneut hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>Its terms are unknown; read them before you share anything.</source>
   <translation>Ihre Bedingungen sind nicht bekannt; lesen Sie sie, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Japanese</source>
   <translation>Japanisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Javanese</source>
   <translation>Javanisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Join them first: llama-gguf-split --merge FIRST_PART model.gguf.</source>
   <translation>Fügen Sie sie zuerst zusammen: llama-gguf-split --merge ERSTER_TEIL model.gguf.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>KOI8-R (Cyrillic)</source>
   <translation>KOI8-R (kyrillisch)</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>KakaoTalk chat</source>
   <translation>KakaoTalk-Chat</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Kannada</source>
   <translation>Kannada</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Kazakh</source>
   <translation>Kasachisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Keep</source>
   <translation>Behalten</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Keep every N-th</source>
   <translation>Jedes N-te behalten</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Keep every N-th example of each split.</source>
   <translation>Von jedem Teil nur jedes N-te Beispiel behalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>Keep only one kind in the folder.</source>
   <translation>Lassen Sie nur eine Art im Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>Kept whole for lack of dates: {1} of {2}.</source>
   <translation>Ganz gelassen, da Daten fehlen: {1} von {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Khmer</source>
   <translation>Khmer</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Known: {1}, {2}, {3}.</source>
   <translation>Bekannt: {1}, {2}, {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Known: {1}.</source>
   <translation>Bekannt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Korean</source>
   <translation>Koreanisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Kronecker product of two small factors</source>
   <translation>Kronecker-Produkt zweier kleiner Faktoren</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Kurdish</source>
   <translation>Kurdisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Kyrgyz</source>
   <translation>Kirgisisch</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>LINE chat</source>
   <translation>LINE-Chat</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>LSTM encoder</source>
   <translation>LSTM-Encoder</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Language</source>
   <translation>Sprache</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Language by which ROUGE splits words. Auto: detected.</source>
   <translation>Sprache, nach der ROUGE Wörter trennt. Automatisch: erkannt.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Lao</source>
   <translation>Laotisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Larger gradient norms are scaled down to this.</source>
   <translation>Größere Normen der Gradienten werden auf diese verkleinert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Largest change at the start, as a multiple of the weight's norm. It is trained too.</source>
   <translation>Größte Änderung am Anfang, als Vielfaches der Norm des Gewichts. Sie wird mittrainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Last blocks</source>
   <translation>Letzte Blöcke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Last two blocks</source>
   <translation>Letzte zwei Blöcke</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Latin</source>
   <translation>Latein</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Latvian</source>
   <translation>Lettisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Layer dropout</source>
   <translation>Schicht-Dropout</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>LayerNorm tuning</source>
   <translation>LayerNorm-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Layers of the LSTM. The MLP always has two.</source>
   <translation>Schichten des LSTM. Das MLP hat immer zwei.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Learning rate</source>
   <translation>Lernrate</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Learning rate of B</source>
   <translation>Lernrate von B</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Learning rate of B, as a multiple of the run's (LoRA+). Published: 16.</source>
   <translation>Lernrate von B, als Vielfaches der des Laufs (LoRA+). Veröffentlicht: 16.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it at 0, or use an LSTM of two layers.</source>
   <translation>Lassen Sie es bei 0, oder nehmen Sie ein LSTM mit zwei Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it at 2, or use the LSTM.</source>
   <translation>Lassen Sie es bei 2, oder nehmen Sie das LSTM.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it empty, or turn the projection on.</source>
   <translation>Lassen Sie es leer, oder schalten Sie die Projektion ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Leave out {1}</source>
   <translation>Lassen Sie {1} weg</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Leave the epochs automatic (training.epochs = 0).</source>
   <translation>Lassen Sie die Epochen automatisch (training.epochs = 0).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Leave the maximum length automatic (evaluation.max_new_tokens).</source>
   <translation>Lassen Sie die Höchstlänge automatisch (evaluation.max_new_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Leave the reference limit automatic (data.max_summary_tokens).</source>
   <translation>Lassen Sie die Referenzgrenze automatisch (data.max_summary_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Leave them out</source>
   <translation>Auslassen</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Length in words</source>
   <translation>Länge in Wörtern</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Length of a bank vector; must divide all layer widths. Empty: the largest that does, up to 256.</source>
   <translation>Länge eines Vektors der Bank; sie muss alle Schichtbreiten teilen. Leer: die größte, die es tut, bis 256.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Length penalty</source>
   <translation>Längenstrafe</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Library patches</source>
   <translation>Bibliotheks-Patches</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>License</source>
   <translation>License</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>License-Expression</source>
   <translation>License-Expression</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger doesn't work here: {1}.</source>
   <translation>Liger geht hier nicht: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger is off: the base model is sharded.</source>
   <translation>Liger ist aus: Das Basismodell ist aufgeteilt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger is off: {1} doesn't work with it.</source>
   <translation>Liger ist aus: {1} geht nicht damit.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Liger kernels</source>
   <translation>Liger-Kernels</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Liger's fused kernels on NVIDIA and AMD GPUs: faster, less memory, other rounding. LoRA and AdaLoRA only.</source>
   <translation>Die zusammengefassten Kernels von Liger auf GPUs von NVIDIA und AMD: schneller, weniger Speicher, andere Rundung. Nur LoRA und AdaLoRA.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/rouge.py" />
   <source>Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries</source>
   <translation>Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/multi_lora.py" />
   <source>Linear</source>
   <translation>Linear</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Lines of two files</source>
   <translation>Zeilen zweier Dateien</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Listed separately: no scores per conversation.</source>
   <translation>Getrennt aufgeführt: keine Wertungen je Gespräch.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Lists of summaries</source>
   <translation>Listen von Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Lithuanian</source>
   <translation>Litauisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>Llama</source>
   <translation>Llama</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>Llama, Mistral, SmolLM2</source>
   <translation>Llama, Mistral, SmolLM2</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoHa</source>
   <translation>LoHa</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoKr</source>
   <translation>LoKr</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoRA</source>
   <translation>LoRA</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>LoRA ranks 1 to 64</source>
   <translation>LoRA mit Rang 1 bis 64</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoRA that allocates its ranks by importance</source>
   <translation>LoRA, die ihre Ränge nach Wichtigkeit verteilt</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>LoRA that learns direction and strength separately, so that long training or a high learning rate harms the model less. (Bini et al. 2025)</source>
   <translation>LoRA, die Richtung und Stärke getrennt lernt, sodass langes Training oder eine hohe Lernrate dem Modell weniger schadet. (Bini et al. 2025)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>LoRA whose thin matrices are composed of vectors that all layers share. For very small adapters. (Li et al. 2024)</source>
   <translation>LoRA, deren dünne Matrizen aus Vektoren bestehen, die sich alle Schichten teilen. Für sehr kleine Adapter. (Li et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>LoRA with bounded strength</source>
   <translation>LoRA mit begrenzter Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Loading the base model</source>
   <translation>Basismodell wird geladen</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Long conversations</source>
   <translation>Lange Gespräche</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Longer conversations are cut.</source>
   <translation>Längere Gespräche werden gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Longer references are cut. Automatic: as long as the longest, up to 1,024.</source>
   <translation>Längere Referenzen werden gekürzt. Automatisch: so lang wie die längste, bis 1.024.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Longest sequence of words in both, with gaps.</source>
   <translation>Längste Wortfolge in beiden, mit Lücken.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Look at the head's logs.</source>
   <translation>Sehen Sie in die Protokolle des Kopfknotens.</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>Look at the rows and decide.</source>
   <translation>Sehen Sie sich die Zeilen an und wählen Sie.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Loss on general text</source>
   <translation>Verlust auf allgemeinem Text</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Loss on unrelated text, in nats per token. It rises if the model forgets.</source>
   <translation>Verlust auf anderem Text, in Nats je Token. Er steigt, wenn das Modell vergisst.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Low rank</source>
   <translation>Niedriger Rang</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Low-rank matrices from shared vectors</source>
   <translation>Niedrigrangige Matrizen aus gemeinsamen Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Lower</source>
   <translation>Niedriger</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Lower Minimum length, or raise Maximum length.</source>
   <translation>Senken Sie die Mindestlänge, oder erhöhen Sie die Höchstlänge.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Lower the conversation limit, or checkpoint activations.</source>
   <translation>Kürzen Sie Gespräche früher, oder lassen Sie Aktivierungen neu berechnen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Lower the conversation limit.</source>
   <translation>Senken Sie die Gesprächsgrenze.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>Lower the conversation or summary limit.</source>
   <translation>Senken Sie die Grenze für Gespräche oder Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Lower the learning rate or use float32, then resume.</source>
   <translation>Senken Sie die Lernrate, oder verwenden Sie float32, und setzen Sie fort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>Lower the maximum length.</source>
   <translation>Senken Sie die Höchstlänge.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Luxembourgish</source>
   <translation>Luxemburgisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Mac (Cyrillic)</source>
   <translation>Mac (kyrillisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Mac Roman (Western European)</source>
   <translation>Mac Roman (westeuropäisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Macedonian</source>
   <translation>Mazedonisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Magnitude and direction separated</source>
   <translation>Betrag und Richtung getrennt</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Mail</source>
   <translation>E-Mail</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Make it private at {1}, or upload publicly.</source>
   <translation>Machen Sie es auf {1} privat, oder senden Sie öffentlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Make it public at {1}, or upload privately.</source>
   <translation>Machen Sie es auf {1} öffentlich, oder senden Sie privat.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Make it writable again.</source>
   <translation>Machen Sie sie wieder beschreibbar.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Make it writable. {1}</source>
   <translation>Machen Sie sie wieder beschreibbar. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Make the micro-batch smaller, or checkpoint activations.</source>
   <translation>Verkleinern Sie den Mikrobatch, oder lassen Sie Aktivierungen neu berechnen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Makes a resumed run bit-identical on a GPU. Automatic: unless over a tenth of the parameters is trained.</source>
   <translation>Macht einen fortgesetzten Lauf auf einer GPU bitgleich. Automatisch: außer wenn mehr als ein Zehntel der Parameter trainiert wird.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Malay</source>
   <translation>Malaiisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Malayalam</source>
   <translation>Malayalam</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Maltese</source>
   <translation>Maltesisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Marathi</source>
   <translation>Marathi</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Masked data</source>
   <translation>Maskierte Daten</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Matrix messages</source>
   <translation>Matrix-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Maximum length</source>
   <translation>Höchstlänge</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Maximum number of examples.</source>
   <translation>Höchstzahl der Beispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Meanwhile a run is slower and may run out of memory.</source>
   <translation>Ein Lauf ist dann langsamer, und ihm kann der Speicher ausgehen.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Megatron-LM</source>
   <translation>Megatron-LM</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Memory</source>
   <translation>Speicher</translation>
  </message>
  <message>
   <location filename="../../engine/system/desktop_entry.py" />
   <source>Menu entries are only for Linux.</source>
   <translation>Menüeinträge werden nur unter Linux angelegt.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>MessageList</source>
   <translation>MessageList</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Messenger and Instagram messages</source>
   <translation>Nachrichten aus Messenger und Instagram</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Method</source>
   <translation>Verfahren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>MiSS</source>
   <translation>MiSS</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>MiSS bat</source>
   <translation>MiSS bat</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>MiSS mini</source>
   <translation>MiSS mini</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Micro-batch</source>
   <translation>Mikrobatch</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>Micro-batch {1} to {2}</source>
   <translation>Mikrobatch {1} auf {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Mini rank</source>
   <translation>Mini-Rang</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Minimum length</source>
   <translation>Mindestlänge</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Minutes at most</source>
   <translation>Max. Minuten</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Missing: {1}. {2}</source>
   <translation>Es fehlen: {1}. {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Mistral</source>
   <translation>Mistral</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Mixtral</source>
   <translation>Mixtral</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Modelfile</source>
   <translation>Modelfile</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Mongolian</source>
   <translation>Mongolisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a chain of trained reflections. Preserves lengths and angles like OFT, and is as small as LoRA. (Yuan et al. 2024)</source>
   <translation>Multipliziert jedes Gewicht mit einer Kette trainierter Spiegelungen. Erhält Längen und Winkel wie OFT und ist so klein wie LoRA. (Yuan et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a trained rotation, which preserves lengths and angles. Use it if the model must not forget what it can do. (Qiu et al. 2023)</source>
   <translation>Multipliziert jedes Gewicht mit einer trainierten Rotation, die Längen und Winkel erhält. Nehmen Sie es, wenn das Modell nicht vergessen darf, was es kann. (Qiu et al. 2023)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Multiplies keys, values and inner feed-forward activations by trained vectors. For tiny adapters and few examples; needs a high learning rate. (Liu et al. 2022)</source>
   <translation>Multipliziert Schlüssel, Werte und innere Feed-Forward-Aktivierungen mit trainierten Vektoren. Für winzige Adapter und wenige Beispiele; braucht eine hohe Lernrate. (Liu et al. 2022)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Multiplies two low-rank changes entry by entry (Hadamard), so the rank can reach its square. It is slower. (Hyeon-Woo et al. 2022)</source>
   <translation>Multipliziert zwei niedrigrangige Änderungen elementweise (Hadamard), sodass der Rang sein Quadrat erreichen kann. Es ist langsamer. (Hyeon-Woo et al. 2022)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Multitask prompt tuning</source>
   <translation>Multitask-Prompt-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>NF4, double</source>
   <translation>NF4, doppelt</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/graphics_cards.py" />
   <source>NVIDIA GPU</source>
   <translation>NVIDIA-GPU</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>NaN, infinity, or above {1}</source>
   <translation>NaN, unendlich oder über {1}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>Name  minutes:seconds</source>
   <translation>Name  Minuten:Sekunden</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>Name (time): text</source>
   <translation>Name (Zeit): Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>Name [time]</source>
   <translation>Name [Zeit]</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Name a column, or remove the role.</source>
   <translation>Nennen Sie eine Spalte, oder lassen Sie die Rolle weg.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>Name above text</source>
   <translation>Name über dem Text</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/label_data.py" />
   <source>Name another column, or another source.</source>
   <translation>Nennen Sie eine andere Spalte oder eine andere Quelle.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Name it as data.columns.group, or choose the column of whole conversations.</source>
   <translation>Nennen Sie sie als data.columns.group, oder wählen Sie die Spalte mit ganzen Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Name it as data.columns.group, or remove data.columns.speaker.</source>
   <translation>Nennen Sie sie als data.columns.group, oder lassen Sie data.columns.speaker weg.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Name linear layers under Applied to.</source>
   <translation>Nennen Sie unter „Angewendet auf“ lineare Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Name the column of summaries instead.</source>
   <translation>Nennen Sie stattdessen die Spalte mit den Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Name the column with the summaries (--column).</source>
   <translation>Nennen Sie die Spalte mit den Zusammenfassungen (--column).</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Name the computer that runs rank 0.</source>
   <translation>Nennen Sie den Computer, auf dem Rank 0 läuft.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Name the port of Ray's dashboard, usually {1}.</source>
   <translation>Geben Sie den Port von Rays Dashboard an, meist {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Name the turns as data.conversation, or leave data.columns empty.</source>
   <translation>Nennen Sie die Beiträge als data.conversation, oder lassen Sie data.columns leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Name their last layers under Applied to.</source>
   <translation>Nennen Sie unter „Angewendet auf“ deren letzte Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>Name — date time</source>
   <translation>Name — Datum Zeit</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>Name, [date time]</source>
   <translation>Name, [Datum Zeit]</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>Name, day, time</source>
   <translation>Name, Tag, Zeit</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Named like</source>
   <translation>Namen wie</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Nepali</source>
   <translation>Nepalesisch</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>New word pairs</source>
   <translation>Neue Wortpaare</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>New words</source>
   <translation>Neue Wörter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>No base model is named</source>
   <translation>Kein Basismodell ist angegeben</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>No checkpoint yet. Recipe, curve and log are saved.</source>
   <translation>Noch kein Prüfpunkt. Rezept, Kurve und Protokoll sind gespeichert.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>No column groups rows into conversations.</source>
   <translation>Keine Spalte fasst Zeilen zu Gesprächen zusammen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>No column looks like conversations.</source>
   <translation>Keine Spalte sieht nach dem Gespräch aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>No column looks like summaries.</source>
   <translation>Keine Spalte sieht nach der Zusammenfassung aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>No conversation</source>
   <translation>Kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>No conversation of the {1} split is left.</source>
   <translation>Kein Gespräch des Teils {1} bleibt übrig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/label_data.py" />
   <source>No conversation of {1} is left.</source>
   <translation>Kein Gespräch von {1} bleibt übrig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>No conversation {1} matches {2} of {3}.</source>
   <translation>Kein Gespräch {1} passt zu {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>No entry is measurably better than the base model</source>
   <translation>Kein Eintrag ist messbar besser als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>No entry is scored yet.</source>
   <translation>Noch kein Eintrag ist bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>No id in {1} is of a conversation {2}: {3} there, {4} here.</source>
   <translation>Keine ID in {1} ist die eines Gesprächs {2}: dort {3}, hier {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>No measurable difference</source>
   <translation>Kein messbarer Unterschied</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>No network</source>
   <translation>Kein Netz</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>No node of {1} has a GPU or {2} CPUs; the most is {3}.</source>
   <translation>Kein Knoten von {1} hat eine GPU oder {2} CPUs; höchstens sind es {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>No node of {1} has {2} GPUs; the most is {3}.</source>
   <translation>Kein Knoten von {1} hat {2} GPUs; höchstens sind es {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>No node started here is running.</source>
   <translation>Es läuft kein Knoten, der hier gestartet wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>No pairs are left to vote on.</source>
   <translation>Es ist kein Paar mehr übrig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>No plan fits. Close other programs, or choose a smaller base model.</source>
   <translation>Kein Plan passt. Beenden Sie andere Programme, oder wählen Sie ein kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>No repeated n-gram</source>
   <translation>Kein wiederholtes N-Gramm</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>No row of {1} has a summary. Its columns are: {2}.</source>
   <translation>Keine Zeile von {1} hat eine Zusammenfassung. Die Spalten sind: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>No sequence of this many tokens occurs twice.</source>
   <translation>Keine Folge von so vielen Tokens kommt zweimal vor.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>No steps are left between full and final rank.</source>
   <translation>Zwischen vollem Rang und Endrang bleiben keine Schritte.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>No summaries are scored by which to choose the best state.</source>
   <translation>Keine Zusammenfassungen werden bewertet, nach denen sich der beste Stand wählen ließe.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>No summaries yet: {1}.</source>
   <translation>Noch ohne Zusammenfassung: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>No summary</source>
   <translation>Keine Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>No summary ends before this many tokens.</source>
   <translation>Keine Zusammenfassung endet vor so vielen Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>No summary is accepted yet.</source>
   <translation>Es ist noch keine Zusammenfassung angenommen.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/results.py" />
   <source>No vote prefers a summary yet.</source>
   <translation>Noch keine Stimme zieht eine Zusammenfassung vor.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/summary_metrics.py" />
   <source>No word that ROUGE reads: {1} of {2} references.</source>
   <translation>Kein Wort, das ROUGE liest: {1} von {2} Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>NodeID</source>
   <translation>NodeID</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>NodeManagerAddress</source>
   <translation>NodeManagerAddress</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>None found. Large models need a GPU.</source>
   <translation>Keine gefunden. Große Modelle brauchen eine GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>None of your conversations leave this computer: {1} has everything.</source>
   <translation>Keines Ihrer Gespräche verlässt diesen Computer: {1} hat alles.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Normally distributed start</source>
   <translation>Normalverteilter Start</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Norms of {1} models have no trainable parameters.</source>
   <translation>Normen von {1}-Modellen haben keine trainierbaren Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Norwegian</source>
   <translation>Norwegisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Norwegian Nynorsk</source>
   <translation>Norwegisch (Nynorsk)</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Not in the conversation</source>
   <translation>Nicht im Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Not scored yet: seed {1}.</source>
   <translation>Noch nicht bewertet: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Not scored, no summary in {1}: {2} (ids: {3}).</source>
   <translation>Nicht bewertet, keine Zusammenfassung in {1}: {2} (IDs: {3}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Not shown: {1} on reading files.</source>
   <translation>Nicht gezeigt: {1} zum Lesen von Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_summaries.py" />
   <source>Not started</source>
   <translation>Nicht gestartet</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Not tested with {1}, but on: {2}.</source>
   <translation>Mit {1} nicht getestet, aber an: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Not tested with {1}, so off: {2}.</source>
   <translation>Mit {1} nicht getestet, daher aus: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Not tried</source>
   <translation>Nicht erprobt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Nothing in {1} is named like "{2}".</source>
   <translation>Nichts in {1} hat einen Namen wie „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Nothing is lost up to the {1}.</source>
   <translation>Bis zum {1} ist nichts verloren.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/arrivals.py" />
   <source>Nothing was saved. Ask whoever runs the cluster.</source>
   <translation>Nichts wurde gespeichert. Fragen Sie, wer den Cluster betreibt.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Nothing was trained yet.</source>
   <translation>Noch wurde nichts trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Nothing was trained yet. Recipe and log are saved.</source>
   <translation>Noch wurde nichts trainiert. Rezept und Protokoll sind gespeichert.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Number format of the frozen weights. Auto: bfloat16 if fast, else float32. T5 overflows in float16.</source>
   <translation>Zahlenformat der eingefrorenen Gewichte. Automatisch: bfloat16, wo es schnell ist, sonst float32. T5 läuft in float16 über.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Number of examples to score.</source>
   <translation>Zahl der bewerteten Beispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Number of reflections; must be even.</source>
   <translation>Zahl der Spiegelungen; sie muss gerade sein.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>OFT with small exact rotations and a trained scale for every output; one factor of the paper's chain. (Liu et al. 2024)</source>
   <translation>OFT mit kleinen exakten Rotationen und einer trainierten Skala für jede Ausgabe; ein Faktor der Kette im Artikel. (Liu et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>OLMo 2</source>
   <translation>OLMo 2</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>OLMo 3</source>
   <translation>OLMo 3</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Objects with texts, turns or messages: single, one per line, or in lists.</source>
   <translation>Objekte mit Texten, Beiträgen oder Nachrichten: einzeln, eines je Zeile oder in Listen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Odia</source>
   <translation>Odia</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Offline: nothing is downloaded.</source>
   <translation>Offline, wie gewünscht: Es wird nichts heruntergeladen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Older formats can run code. Choose another base model.</source>
   <translation>Ältere Formate können Code ausführen. Wählen Sie ein anderes Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ollama.py" />
   <source>Ollama rejected it: {1}.</source>
   <translation>Ollama hat es nicht angenommen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>Ollama runs no encoder-decoder models such as T5.</source>
   <translation>Ollama führt keine Encoder-Decoder-Modelle wie T5 aus.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>On an int8 base, the bat form would not start at the base model.</source>
   <translation>Auf einem int8-Basismodell würde die Form bat nicht bei diesem beginnen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>On another computer</source>
   <translation>Auf einem anderen Computer</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>On disk</source>
   <translation>Auf Platte</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>On {1} of {2} conversations.</source>
   <translation>Auf {1} von {2} Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>One block shared across weight shards</source>
   <translation>Ein Block, den sich Scherben des Gewichts teilen</translation>
  </message>
  <message>
   <location filename="../../engine/arena/rows.py" />
   <source>One conversation, so no interval.</source>
   <translation>Ein Gespräch, also kein Intervall.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>One method, a base model in fewer bits</source>
   <translation>Ein Verfahren, ein Basismodell in weniger Bit</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>One rotation for all blocks</source>
   <translation>Eine Rotation für alle Blöcke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>One rotation for all blocks of a layer</source>
   <translation>Eine Rotation für alle Blöcke einer Schicht</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>One seed: the interval covers conversations alone.</source>
   <translation>Ein Startwert: Das Intervall erfasst nur die Gespräche.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>One sentence</source>
   <translation>Ein Satz</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>Only 1 text in {1} and those near a limit are counted; the rest are estimated.</source>
   <translation>Nur jeder {1}. Text und die nahe einer Grenze sind gezählt, die übrigen geschätzt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Only checkpoints with an adapter.toml can be promoted.</source>
   <translation>Nur Prüfpunkte mit einer adapter.toml lassen sich übernehmen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Only layers with these names, such as lm_head or decoder.block.*.SelfAttention. Empty: all names.</source>
   <translation>Nur Schichten mit diesen Namen, etwa lm_head oder decoder.block.*.SelfAttention. Leer: alle Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Only one selective adapter can be active.</source>
   <translation>Nur ein auswählender Adapter kann aktiv sein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Only rounding differs.</source>
   <translation>Nur die Rundung ist anders.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Only safetensors files are accepted; others can run code.</source>
   <translation>Nur safetensors-Dateien werden angenommen; andere können Code ausführen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Only these can be changed: {1}.</source>
   <translation>Ändern lassen sich nur: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Only trained weights can be shared.</source>
   <translation>Nur was trainiert wurde, wird weitergegeben.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Only {1} to test on; a verdict needs {2}.</source>
   <translation>Nur {1} zum Testen; ein Urteil braucht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Only {1} to train on; a model needs at least {2}.</source>
   <translation>Nur {1} zum Trainieren; ein Modell braucht mindestens {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Open it with that one.</source>
   <translation>Öffnen Sie sie mit jener.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Optimizer</source>
   <translation>Optimierer</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Order</source>
   <translation>Reihenfolge</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Orthogonal start</source>
   <translation>Orthogonaler Start</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Orthogonality</source>
   <translation>Orthogonalität</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Other columns: {1}.</source>
   <translation>Andere Spalten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Other programs are using {1}.</source>
   <translation>Andere Programme rechnen auf {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>Other users can read the token in {1}.</source>
   <translation>Andere können das Token in {1} lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Other users can write to the temporary folder.</source>
   <translation>Andere können in den temporären Ordner schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Out of GPU memory; {1} tokens are computed at a time from now on.</source>
   <translation>Der GPU-Speicher reichte nicht; ab jetzt werden {1} Tokens auf einmal berechnet.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Out of memory</source>
   <translation>Speicher voll</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Out of memory at step {1}</source>
   <translation>Kein Speicher mehr bei Schritt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Out of memory before the first step</source>
   <translation>Kein Speicher mehr vor dem ersten Schritt</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Outputs that the narrow block spans; must divide those of all adapted layers.</source>
   <translation>Ausgaben, die der schmale Block umfasst; die Zahl muss die aller angepassten Schichten teilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Over the output limit of {1}: {2} of {3} references.</source>
   <translation>Über der Ausgabegrenze von {1}: {2} von {3} Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/rouge.py" />
   <source>Overlap of words between a summary and a reference.</source>
   <translation>Überschneidung der Wörter von Zusammenfassung und Referenz.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>PEFT can't train it on a quantized base</source>
   <translation>PEFT kann ihn nicht auf einem quantisierten Basismodell trainieren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>PEFT computes wrong gradients for it</source>
   <translation>PEFT berechnet dafür falsche Gradienten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>PEFT doesn't allocate its ranks</source>
   <translation>PEFT verteilt seine Ränge nicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>PEFT doesn't compute its initial values ({1})</source>
   <translation>PEFT berechnet seine Anfangswerte ({1}) nicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>PEFT lacks this method</source>
   <translation>PEFT hat diese Methode nicht</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Packages</source>
   <translation>Pakete</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Pairs of adjacent words in both.</source>
   <translation>Paare benachbarter Wörter, die in beiden vorkommen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Pashto</source>
   <translation>Paschtu</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Passes over the training examples. Automatic: enough for their number.</source>
   <translation>Durchgänge durch die Trainingsbeispiele. Automatisch: genug für deren Zahl.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Patience</source>
   <translation>Geduld</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Paused</source>
   <translation>Pausiert</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Paused at step {1} of {2}. The device is free.</source>
   <translation>Pausiert bei Schritt {1} von {2}, und das Gerät ist frei.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Paused {1} at step {2} of {3}. The device is free</source>
   <translation>Pausiert {1} bei Schritt {2} von {3}. Das Gerät ist frei</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Paused {1}. The device is free</source>
   <translation>Pausiert {1}. Das Gerät ist frei</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Peak memory</source>
   <translation>Speicherspitze</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Persian</source>
   <translation>Persisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Personal data is masked ({1}).</source>
   <translation>Persönliche Daten sind maskiert ({1}).</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Personal data to mask in conversations and summaries.</source>
   <translation>Persönliche Daten, die in Gesprächen und Zusammenfassungen maskiert werden.</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Pfeiffer</source>
   <translation>Pfeiffer</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>Phone number</source>
   <translation>Telefonnummer</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>PiSSA</source>
   <translation>PiSSA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Placement</source>
   <translation>Platzierung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Plain PEFT can't load the type of {1}.</source>
   <translation>{1} ist von einem Typ, den PEFT allein nicht laden kann.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Plain instruction</source>
   <translation>Einfache Anweisung</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Plain prompt</source>
   <translation>Einfacher Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Polish</source>
   <translation>Polnisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Port {1} is in use ({2} + 1).</source>
   <translation>Port {1} ist belegt ({2} + 1).</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Port {1} of {2} can't be opened: {3}.</source>
   <translation>Port {1} von {2} ist nicht zu haben: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Portuguese</source>
   <translation>Portugiesisch</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Possibly {1}</source>
   <translation>Was aussieht wie {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Precision</source>
   <translation>Genauigkeit</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Precision lost in {1} doesn't come back.</source>
   <translation>Was {1} an Genauigkeit verlor, kommt nicht zurück.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prefix tuning</source>
   <translation>Prefix-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Preparing the report</source>
   <translation>Bericht wird erstellt</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Problem | None</source>
   <translation>Problem | None</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Process {1} of {2} doesn't exist ({3}, {4}, {5}, {6}).</source>
   <translation>Es gibt keinen Prozess {1} von {2} ({3}, {4}, {5}, {6}).</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Processes compute each step together. Their number changes only the last digits.</source>
   <translation>Prozesse berechnen jeden Schritt gemeinsam. Ihre Zahl ändert nur die letzten Stellen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Projection</source>
   <translation>Projektion</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Prompt format</source>
   <translation>Prompt-Format</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prompt only</source>
   <translation>Nur Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prompt tuning</source>
   <translation>Prompt-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prompt tuning whose vectors are computed by a small network (MLP or LSTM), so that an ordinary learning rate works.</source>
   <translation>Prompt-Tuning, dessen Vektoren ein kleines Netz (MLP oder LSTM) berechnet, sodass eine gewöhnliche Lernrate genügt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Provide a summary per conversation {1}, in order, or a column "id". {2}</source>
   <translation>Geben Sie je Gespräch {1} eine Zusammenfassung an, der Reihe nach, oder eine Spalte „id“. {2}</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Pulls the trained parameters towards zero.</source>
   <translation>Verfall der trainierbaren Parameter gegen null.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Punjabi</source>
   <translation>Panjabi</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Put it back and resume, or start again.</source>
   <translation>Legen Sie ihn zurück und setzen Sie fort, oder beginnen Sie neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Put it back.</source>
   <translation>Legen Sie sie zurück.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Put one summary into each row.</source>
   <translation>Schreiben Sie in jede Zeile eine Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>Put the run's folder on a file system that all computers share.</source>
   <translation>Legen Sie den Ordner des Laufs auf ein Dateisystem, das sich alle Computer teilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/atomic_write.py" />
   <source>PytorchStreamWriter</source>
   <translation>PytorchStreamWriter</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>Q. text</source>
   <translation>Q. Text</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Quantization</source>
   <translation>Quantisierung</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Quantization: none, int8, nf4, nf4+double</source>
   <translation>Quantisierung: keine, int8, nf4, nf4+double</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Quantize the base model, or choose a smaller one.</source>
   <translation>Quantisieren Sie das Basismodell, oder wählen Sie ein kleineres.</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/torch_build.py" />
   <source>ROCm {1}</source>
   <translation>ROCm {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>ROUGE-1 changed by {1}</source>
   <translation>ROUGE-1 änderte sich um {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>ROUGE-1 fell by {1}</source>
   <translation>ROUGE-1 fiel um {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>ROUGE-1 rose by {1}</source>
   <translation>ROUGE-1 stieg um {1}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>ROUGE-1 {1}</source>
   <translation>ROUGE-1 {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Raise Scored summaries, or choose the best state by the loss.</source>
   <translation>Erhöhen Sie „Bewertete Zusammenfassungen“, oder wählen Sie den besten Stand nach dem Verlust.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Raise the batch size, or use fewer processes.</source>
   <translation>Erhöhen Sie die Batch-Größe oder nehmen Sie weniger Prozesse.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Raise the conversation limit (data.max_conversation_tokens).</source>
   <translation>Erhöhen Sie die Gesprächsgrenze (data.max_conversation_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Raise the maximum length (evaluation.max_new_tokens).</source>
   <translation>Erhöhen Sie die Höchstlänge (evaluation.max_new_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Raise the minutes (training.max_minutes).</source>
   <translation>Erhöhen Sie die Minuten (training.max_minutes).</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>Raise the number of pairs.</source>
   <translation>Erhöhen Sie die Zahl der Paare.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Raise the reference limit (data.max_summary_tokens).</source>
   <translation>Erhöhen Sie die Referenzgrenze (data.max_summary_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Raise the step limit (training.max_steps), or set it to 0.</source>
   <translation>Erhöhen Sie die Höchstzahl der Schritte (training.max_steps), oder setzen Sie sie auf 0.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Raise the test limit (data.max_test).</source>
   <translation>Erhöhen Sie die Testgrenze (data.max_test).</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>RandLoRA</source>
   <translation>RandLoRA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Random matrices of −1, 0 and 1 instead of dense ones.</source>
   <translation>Zufällige Matrizen aus −1, 0 und 1 statt voll besetzter.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Random start</source>
   <translation>Zufälliger Start</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/download.py" />
   <source>Range</source>
   <translation>Range</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Rank</source>
   <translation>Rang</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Rank 0 didn't answer within {1} s.</source>
   <translation>Rank 0 hat nicht innerhalb von {1} s geantwortet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Rank 0 didn't start within {1} s.</source>
   <translation>Rank 0 kam nicht innerhalb von {1} s.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Rank dropout</source>
   <translation>Rang-Dropout</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Rank of a LoRA pair added for the whole weight.</source>
   <translation>Rang eines LoRA-Paars, das für das ganze Gewicht hinzukommt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Rank of an added LoRA</source>
   <translation>Rang einer zusätzlichen LoRA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Rank of every layer at the start. Often 1.5 times the rank.</source>
   <translation>Rang jeder Schicht am Anfang. Oft das 1,5-Fache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Rank of the task's factor of the shared prompt.</source>
   <translation>Rang des Faktors der Aufgabe für den gemeinsamen Prompt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Rank {1} (on {2})</source>
   <translation>Rank {1} (auf {2})</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_joining.py" />
   <source>Rank {1} ended before it joined.</source>
   <translation>Rank {1} endete vor dem Beitritt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Rank {1} is too high for {2}, which is {3} × {4}.</source>
   <translation>Rang {1} ist mehr, als {2} haben kann: Die Schicht hat {3} × {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>Rank {1}: {2}</source>
   <translation>Rank {1}: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Rank-stabilised</source>
   <translation>Rangstabilisiert</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Ray did not start. {1}</source>
   <translation>Ray ist nicht gestartet. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Ray is not installed.</source>
   <translation>Ray ist nicht installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Ray reserves port {1} for its own processes.</source>
   <translation>Port {1} gehört zu denen, die Rays eigene Prozesse nehmen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Read it again once it is complete.</source>
   <translation>Lesen Sie sie noch einmal, wenn sie vollständig ist.</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Read the other rows</source>
   <translation>Die anderen Zeilen lesen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Reading the conversations</source>
   <translation>Gespräche werden gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Recipe and batch size stay the same.</source>
   <translation>Rezept und Batchgröße bleiben gleich.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Recipe problem</source>
   <translation>Rezeptproblem</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Recompute activations instead of storing them: less memory, more time.</source>
   <translation>Aktivierungen neu berechnen, statt sie zu speichern: weniger Speicher, mehr Zeit.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/following.py" />
   <source>Reconnected to {1}.</source>
   <translation>Die Verbindung zu {1} ist wieder da.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Reference limit</source>
   <translation>Referenzgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Reference limit: at least {1}, or automatic.</source>
   <translation>Referenzgrenze: mindestens {1}, oder automatisch.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Reflects each weight a few times</source>
   <translation>Spiegelt jedes Gewicht einige Male</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Refuse a file with broken rows, or skip and list the rows.</source>
   <translation>Eine Datei mit fehlerhaften Zeilen ablehnen oder die Zeilen auslassen und auflisten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Remove data.columns.pause.</source>
   <translation>Lassen Sie data.columns.pause weg.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Remove data.conversation or data.columns.text.</source>
   <translation>Lassen Sie data.conversation oder data.columns.text weg.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Remove data.summary or data.columns.last_turn.</source>
   <translation>Lassen Sie data.summary oder data.columns.last_turn weg.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Remove it from the adapter's name or prompt.</source>
   <translation>Nehmen Sie ihn aus dem Namen oder dem Prompt des Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Remove one of them.</source>
   <translation>Entfernen Sie eine davon.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Remove the columns that aren't needed.</source>
   <translation>Lassen Sie die Spalten weg, die niemand braucht.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>Remove the entry and add it again.</source>
   <translation>Entfernen Sie den Eintrag, und fügen Sie ihn neu hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Remove the role "id".</source>
   <translation>Lassen Sie die Rolle „id“ weg.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Remove {1} from it.</source>
   <translation>Entfernen Sie {1} daraus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Remove {1} from the list.</source>
   <translation>Nehmen Sie {1} aus der Liste.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Remove {1}, and give the files their usual names.</source>
   <translation>Entfernen Sie {1}, und geben Sie den Dateien ihre üblichen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Remove {1}, and import the adapter separately.</source>
   <translation>Entfernen Sie {1}, und importieren Sie den Adapter für sich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Repair the file, or export it again.</source>
   <translation>Reparieren Sie die Datei, oder exportieren Sie sie erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>Repair the row.</source>
   <translation>Reparieren Sie die Zeile.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Repair the rows, or check the file's extension.</source>
   <translation>Reparieren Sie die Zeilen, oder prüfen Sie die Endung der Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Repair the rows.</source>
   <translation>Reparieren Sie die Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Reparameterizations</source>
   <translation>Umparametrisierungen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Repeated or cut to the number of virtual tokens.</source>
   <translation>Auf die Zahl der virtuellen Tokens wiederholt oder gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Repeated rows skipped: {1} of {2}.</source>
   <translation>Als Wiederholung früherer Zeilen weggelassen: {1} von {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Repetition penalty</source>
   <translation>Wiederholungsstrafe</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Replace it, or choose another name.</source>
   <translation>Ersetzen Sie sie, oder wählen Sie einen anderen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Replace the link with the file, or import OWNER/NAME from the hub's cache.</source>
   <translation>Ersetzen Sie den Link durch die Datei, oder importieren Sie BESITZER/NAME aus dem Cache des Hubs.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Replace the link with the file.</source>
   <translation>Ersetzen Sie den Link durch die Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Reply</source>
   <translation>Reply</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Report every</source>
   <translation>Melden alle</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Resamples per interval.</source>
   <translation>Zahl der Stichproben für jedes Intervall.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Resources</source>
   <translation>Resources</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Restart the computer, or reinstall the driver.</source>
   <translation>Starten Sie den Computer neu, oder installieren Sie den Treiber neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/training_script.py" />
   <source>Restore the files, or export as peft.</source>
   <translation>Stellen Sie die Dateien wieder her, oder exportieren Sie als peft.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Restore them from a backup.</source>
   <translation>Stellen Sie sie aus einer Sicherung wieder her.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Results are correct, but may take longer.</source>
   <translation>Die Ergebnisse stimmen, können aber länger dauern.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Resume continues from the last checkpoint.</source>
   <translation>Das Fortsetzen beginnt beim letzten Prüfpunkt.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Resume follows it again.</source>
   <translation>Fortsetzen verfolgt ihn wieder.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>Resume sends it again.</source>
   <translation>Fortsetzen sendet ihn neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/requests.py" />
   <source>Retype or delete it.</source>
   <translation>Schreiben Sie es neu, oder löschen Sie es.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Revision</source>
   <translation>Revision</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Romanian</source>
   <translation>Rumänisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Rotates each weight, keeps its length</source>
   <translation>Rotiert jedes Gewicht, behält seine Länge</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Row {1}</source>
   <translation>Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Row {1} of {2} has no text in the column "{3}".</source>
   <translation>Zeile {1} von {2} hat keinen Text in der Spalte „{3}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Rows {1} and {2} of {3} have the same id, "{4}", and different summaries.</source>
   <translation>Die Zeilen {1} und {2} von {3} haben dieselbe ID, „{4}“, und verschiedene Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Run OCR, and choose the resulting PDF or text.</source>
   <translation>Lassen Sie den Text erkennen (OCR) und wählen Sie die entstandene PDF- oder Textdatei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Run OCR, and save the text as txt.</source>
   <translation>Lassen Sie den Text erkennen (OCR) und speichern Sie ihn als txt.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>Run `chmod 600 {1}`.</source>
   <translation>Führen Sie `chmod 600 {1}` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Run `hf auth login` with a token that has write access.</source>
   <translation>Führen Sie `hf auth login` mit einem Token aus, das schreiben darf.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Run `pip install 'ray[default]'`.</source>
   <translation>Führen Sie `pip install 'ray[default]'` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>Run `pip install bitsandbytes`, or choose AdamW or Adafactor.</source>
   <translation>Führen Sie `pip install bitsandbytes` aus, oder wählen Sie AdamW oder Adafactor.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>Run `pip install bitsandbytes`, or choose quantization "none".</source>
   <translation>Führen Sie `pip install bitsandbytes` aus, oder wählen Sie als Quantisierung „keine“.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>Run `pip install ctranslate2`.</source>
   <translation>Führen Sie `pip install ctranslate2` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Run `pip install gguf`.</source>
   <translation>Führen Sie `pip install gguf` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Run `{1} node start` on its head, or connect over SSH.</source>
   <translation>Führen Sie auf dem Kopfknoten `{1} node start` aus, oder verbinden Sie sich über SSH.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Run `{1}`.</source>
   <translation>Führen Sie `{1}` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/file_scores.py" />
   <source>Run an entry again to compare.</source>
   <translation>Führen Sie zum Vergleichen einen Eintrag noch einmal aus.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Run an entry again to store its scores with conversations.</source>
   <translation>Führen Sie einen Eintrag noch einmal aus, um seine Wertungen mit Gesprächen zu speichern.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Run “{1}” in a terminal for this GPU's torch build.</source>
   <translation>Führen Sie „{1}“ in einem Terminal aus, für das torch dieser GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_summaries.py" />
   <source>Running</source>
   <translation>Läuft</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Running on another computer; last update {1}</source>
   <translation>Läuft auf einem anderen Computer weiter, verfolgt bis {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Running on another computer; last update {1} at step {2} of {3}</source>
   <translation>Läuft auf einem anderen Computer weiter, verfolgt bis {1} bei Schritt {2} von {3}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Runs and adapters are kept in {1}</source>
   <translation>Läufe und Adapter liegen in {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Runs skip rows with {1} anyway.</source>
   <translation>Läufe lassen Zeilen mit {1} ohnehin aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Runs skip such rows.</source>
   <translation>Läufe lassen solche Zeilen aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Runs truncate it.</source>
   <translation>Läufe kürzen es.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Runtime</source>
   <translation>Laufzeitumgebung</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Russian</source>
   <translation>Russisch</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>SLURM can't use the folder {1}: it contains a line break.</source>
   <translation>SLURM kann den Ordner {1} nicht verwenden: Er enthält einen Zeilenumbruch.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>SRT subtitles</source>
   <translation>SRT-Untertitel</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Same as the adapter</source>
   <translation>Wie der Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/label_data.py" />
   <source>Sample conversations</source>
   <translation>Beispielgespräche</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Sample from the likeliest tokens with this total probability.</source>
   <translation>Aus den wahrscheinlichsten Tokens mit dieser Gesamtwahrscheinlichkeit ziehen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Sampling needs one beam.</source>
   <translation>Ziehen braucht genau einen Beam.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Save it again.</source>
   <translation>Speichern Sie sie neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Save it as .csv.</source>
   <translation>Speichern Sie sie als .csv.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save it as docx, or as text.</source>
   <translation>Speichern Sie es als docx oder als Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save it as docx.</source>
   <translation>Speichern Sie es als docx.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save it as eml.</source>
   <translation>Speichern Sie sie als eml.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Save it as xlsx or csv.</source>
   <translation>Speichern Sie sie als xlsx oder csv.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Save it without a password, or export it as csv.</source>
   <translation>Speichern Sie sie ohne Passwort, oder exportieren Sie sie als csv.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Save it without the password.</source>
   <translation>Speichern Sie sie ohne das Passwort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save its conversations as csv or JSON lines.</source>
   <translation>Speichern Sie ihre Gespräche als csv oder JSON-Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Save or print it without the password.</source>
   <translation>Speichern oder drucken Sie es ohne Passwort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save them as srt or vtt, for example with Subtitle Edit.</source>
   <translation>Speichern Sie sie als srt oder vtt, zum Beispiel mit Subtitle Edit.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Saved step</source>
   <translation>Gespeicherter Schritt</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Saving</source>
   <translation>Wird gespeichert</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>Say which system wrote the summaries.</source>
   <translation>Geben Sie an, welches System die Zusammenfassungen geschrieben hat.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Scale</source>
   <translation>Skalierung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Scale by alpha over the root of the rank (rsLoRA), so that high ranks keep learning.</source>
   <translation>Mit Alpha durch die Wurzel des Rangs skalieren (rsLoRA), damit hohe Ränge weiter lernen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Scales keys, values and feed-forward</source>
   <translation>Skaliert Schlüssel, Werte und Feed-Forward</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Scaling</source>
   <translation>Skalierung</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Schedule</source>
   <translation>Lernratenplan</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Score more examples (evaluation.examples).</source>
   <translation>Bewerten Sie mehr Beispiele (evaluation.examples).</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Scored by a different protocol: seed {1}.</source>
   <translation>Nach einem anderen Protokoll bewertet: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Scored on other conversations than the other seeds.</source>
   <translation>An anderen Gesprächen bewertet als die übrigen Startwerte.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Scored summaries</source>
   <translation>Bewertete Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Scored with the recipe's prompt.</source>
   <translation>Mit dem Prompt des Rezepts bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>Scored with {1}.</source>
   <translation>Bewertet mit {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Scores per conversation are missing.</source>
   <translation>Die Wertungen einzelner Gespräche fehlen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Scoring</source>
   <translation>Bewertung</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Scoring the base model</source>
   <translation>Basismodell wird bewertet</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Scoring the prompt</source>
   <translation>Prompt wird bewertet</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Scoring the tuned model</source>
   <translation>Trainiertes Modell wird bewertet</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Scottish Gaelic</source>
   <translation>Schottisch-Gälisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Seed</source>
   <translation>Startwert</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Seed of the random splits of data without splits.</source>
   <translation>Startwert der zufälligen Teile von Daten ohne Teile.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Seed {1} scores {2}</source>
   <translation>Startwert {1} erreicht {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Selective</source>
   <translation>Auswählend</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Send less at once.</source>
   <translation>Fordern Sie weniger auf einmal an.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Sending to the hub</source>
   <translation>Wird an den Hub gesendet</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Sending what the run needs</source>
   <translation>Was der Lauf braucht, wird gesendet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Sensitivity smoothing</source>
   <translation>Glättung der Empfindlichkeit</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Sentences of one summary</source>
   <translation>Sätze einer Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Separate magnitude</source>
   <translation>Betrag getrennt</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Sequences of 1 to 6 characters in both. Works the same in every language.</source>
   <translation>Folgen von 1 bis 6 Zeichen, die in beiden stehen. Gilt gleich für jede Sprache.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Serbian</source>
   <translation>Serbisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Set Beams to 1, or Temperature to 0.</source>
   <translation>Setzen Sie Beams auf 1 oder Temperatur auf 0.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/generation/generate.py" />
   <source>Set Beams to 1.</source>
   <translation>Setzen Sie Beams auf 1.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Set TMPDIR to a folder of your own.</source>
   <translation>Lassen Sie TMPDIR einen Ordner nennen, der nur Ihnen gehört.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Set TUNESMITH_HOME to a folder of your own.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen eigenen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/system/locks.py" />
   <source>Set TUNESMITH_HOME to a folder on a local disk.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen Ordner auf einem lokalen Datenträger.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>Set TUNESMITH_HOME to a folder.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>Set TUNESMITH_HOME to another folder.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>Set it to another folder.</source>
   <translation>Setzen Sie es auf einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/registration.py" />
   <source>Set {1} to all.</source>
   <translation>Setzen Sie {1} auf all.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>Set {1} to another folder.</source>
   <translation>Setzen Sie {1} auf einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Set {1} to rank 0's address: {2}.</source>
   <translation>Setzen Sie {1} auf die Adresse von Rank 0 dort: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>Set {1} to the interface of a trusted network, or use one node.</source>
   <translation>Setzen Sie {1} auf die Schnittstelle eines vertrauten Netzes, oder verwenden Sie einen Knoten.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Set {1} to the interface of a trusted network: {2}.</source>
   <translation>Setzen Sie {1} auf die Schnittstelle eines vertrauten Netzes: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Several arenas are called or begin with "{1}".</source>
   <translation>Mehrere Arenen heißen oder beginnen mit „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>Several columns could be the conversation: {1}.</source>
   <translation>Mehrere Spalten könnten das Gespräch sein: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>Several columns could be the summary: {1}.</source>
   <translation>Mehrere Spalten könnten die Zusammenfassung sein: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>Several runs begin with "{1}".</source>
   <translation>Mehrere Läufe beginnen mit „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Several speakers in one line</source>
   <translation>Mehrere Sprecher in einer Zeile</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Several summaries</source>
   <translation>Mehrere Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Several turns in one line</source>
   <translation>Mehrere Beiträge in einer Zeile</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Shard the base model</source>
   <translation>Basismodell aufteilen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Sharding needs at least two processes.</source>
   <translation>Auf einen einzigen Prozess lässt sich kein Basismodell aufteilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Share it only once the licence's owner agrees.</source>
   <translation>Teilen Sie es erst, wenn der Eigentümer der Lizenz zustimmt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Shared rotation</source>
   <translation>Gemeinsame Rotation</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Sheet</source>
   <translation>Blatt</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Sheet of a workbook, table of a database or list of a JSON object. Auto: those named after splits, else the first or only one.</source>
   <translation>Blatt einer Arbeitsmappe, Tabelle einer Datenbank oder Liste eines JSON-Objekts. Automatisch: die nach Teilen benannten, sonst das erste oder einzige.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Shift-JIS (Japanese)</source>
   <translation>Shift-JIS (japanisch)</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Shorten it.</source>
   <translation>Kürzen Sie es.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Shorten the prompt, or lower the summary limit.</source>
   <translation>Kürzen Sie den Prompt, oder senken Sie die Grenze für Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>Should work, but is untested.</source>
   <translation>Es sollte gehen, wurde aber nicht geprüft.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Signal</source>
   <translation>Signal</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Signal messages</source>
   <translation>Signal-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Since step {1}: {2} {3} (was {4}).</source>
   <translation>Seit Schritt {1}: {2} {3}; vorher {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Sinhala</source>
   <translation>Singhalesisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Size of a circulant block; must divide all layer widths. Larger blocks have fewer parameters. Empty: the largest possible, up to 256.</source>
   <translation>Größe eines zirkulanten Blocks; sie muss alle Schichtbreiten teilen. Größere Blöcke haben weniger Parameter. Leer: die größtmögliche, bis 256.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Size of the shards of a weight.</source>
   <translation>Größe der Scherben eines Gewichts.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Size of the smaller factor. Empty: as square as possible.</source>
   <translation>Größe des kleineren Faktors. Leer: so quadratisch wie möglich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Skip this file, or add the summaries.</source>
   <translation>Lassen Sie diese Datei aus, oder ergänzen Sie die Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>Skip this file, or give it the same columns.</source>
   <translation>Lassen Sie diese Datei aus, oder geben Sie ihr dieselben Spalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Skipped {1} of {2} without a {3}: {4}{5}. {6}</source>
   <translation>{1} von {2} ohne {3} ausgelassen: {4}{5}. {6}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped, can't be read: {1} ({2}).</source>
   <translation>Ausgelassen, nicht lesbar: {1} ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped, no chat messages: {1}.</source>
   <translation>Ausgelassen, keine Chatnachrichten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped, no split in the name: {1}.</source>
   <translation>Ausgelassen, kein Teil im Namen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Skipped, no summaries: {1}.</source>
   <translation>Ausgelassen, keine Zusammenfassungen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>Skipped, other columns: {1}; they are: {2}.</source>
   <translation>Ausgelassen, andere Spalten: {1}; sie sind: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped, other files are read: {1}.</source>
   <translation>Ausgelassen, andere Dateien werden gelesen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Slack</source>
   <translation>Slack</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Slack messages</source>
   <translation>Slack-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Slovak</source>
   <translation>Slowakisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Slovenian</source>
   <translation>Slowenisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Small LoRA pairs for weight blocks</source>
   <translation>Kleine LoRA-Paare für Blöcke der Gewichte</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Small rotations and trained output scales</source>
   <translation>Kleine Rotationen und trainierte Ausgabeskalen</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>Smallest adapter not measurably worse: {1}, {2}.</source>
   <translation>Kleinster Adapter, der nicht messbar schlechter ist: {1}, {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Smoothing of each rank's estimated sensitivity.</source>
   <translation>Glättung der geschätzten Empfindlichkeit jedes Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Smoothing of the uncertainty of that estimate.</source>
   <translation>Glättung der Unsicherheit dieser Schätzung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>So the prompt is plain.</source>
   <translation>Darum ist der Prompt einfach.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Soft prompts</source>
   <translation>Soft Prompts</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Somali</source>
   <translation>Somali</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Some file names contain a split ({1}), others don't: {2}.</source>
   <translation>Einige Dateinamen nennen einen Teil ({1}), andere nicht: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>Some rows have several objects in "{1}"; "{2}" reads the first.</source>
   <translation>In manchen Zeilen stehen mehrere Objekte in „{1}“; „{2}“ liest das erste.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Some words may be tokenized differently.</source>
   <translation>Manche Wörter können in andere Tokens zerfallen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Spanish</source>
   <translation>Spanisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Sparse bases</source>
   <translation>Dünn besetzte Matrizen</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Speech recognition</source>
   <translation>Spracherkennung</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Split</source>
   <translation>Teil</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Split seed</source>
   <translation>Startwert der Teile</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Split the file, or shorten its rows.</source>
   <translation>Teilen Sie die Datei, oder kürzen Sie ihre Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Splits each weight into blocks, each with its own thin pair: as many parameters as LoRA, but a higher rank. (Jung et al. 2025)</source>
   <translation>Zerlegt jedes Gewicht in Blöcke, jeder mit eigenem dünnem Paar: so viele Parameter wie LoRA, aber ein höherer Rang. (Jung et al. 2025)</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Splits the base model over several GPUs (FSDP) if it doesn't fit on one. Slower.</source>
   <translation>Verteilt das Basismodell auf mehrere GPUs (FSDP), wenn es nicht auf eine passt. Langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Splits the vectors before the input into a prompt that tasks share and a low-rank factor per task, to use the prompt for other tasks later.</source>
   <translation>Zerlegt die Vektoren vor der Eingabe in einen Prompt, den sich Aufgaben teilen, und einen niedrigrangigen Faktor je Aufgabe, um den Prompt später für andere zu verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Start a new adapter, or use this one untrained.</source>
   <translation>Beginnen Sie einen neuen Adapter, oder verwenden Sie diesen ohne Training.</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Start a new run with a quantized base model.</source>
   <translation>Beginnen Sie einen neuen Lauf mit einem quantisierten Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Start a new run with it.</source>
   <translation>Beginnen Sie damit einen neuen Lauf.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>Start a new run.</source>
   <translation>Beginnen Sie einen neuen Lauf.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Start again to download it.</source>
   <translation>Starten Sie noch einmal, um sie herunterzuladen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start again, or choose another name.</source>
   <translation>Starten Sie noch einmal, oder wählen Sie einen anderen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Start again; the download continues.</source>
   <translation>Starten Sie noch einmal; der Download geht weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start again; the upload continues.</source>
   <translation>Starten Sie noch einmal; das Senden geht weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Start all at the same time.</source>
   <translation>Starten Sie alle zugleich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Start all ranks with the same recipe.</source>
   <translation>Starten Sie alle Ranks mit demselben Rezept.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Start another one.</source>
   <translation>Beginnen Sie eine weitere.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Start from</source>
   <translation>Start mit</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Start it again.</source>
   <translation>Starten Sie erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>Start it again; the run resumes from its last checkpoint.</source>
   <translation>Starten Sie erneut; der Lauf wird vom letzten Prüfpunkt fortgesetzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>Start one process per GPU, or choose cpu.</source>
   <translation>Starten Sie einen Prozess je GPU, oder wählen Sie cpu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Start one process per GPU.</source>
   <translation>Starten Sie einen Prozess je GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Start the head with `{1} node start --host ADDRESS`, and check its firewall.</source>
   <translation>Starten Sie den Kopfknoten mit `{1} node start --host ADRESSE`, und prüfen Sie seine Firewall.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Start the queue first: a file needs a scored entry.</source>
   <translation>Starten Sie zuerst die Warteschlange: Eine Datei braucht einen bewerteten Eintrag.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Start with torchrun or `accelerate launch`.</source>
   <translation>Starten Sie mit torchrun oder `accelerate launch`.</translation>
  </message>
  <message>
   <location filename="../../engine/config/hub_sources.py" />
   <source>Start without --offline and HF_HUB_OFFLINE, or choose local files.</source>
   <translation>Starten Sie ohne --offline und HF_HUB_OFFLINE, oder wählen Sie lokale Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start without --offline and HF_HUB_OFFLINE.</source>
   <translation>Starten Sie ohne --offline und HF_HUB_OFFLINE.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>Start without --offline.</source>
   <translation>Starten Sie ohne --offline.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Started elsewhere; following it from here.</source>
   <translation>Anderswo gestartet; hier wird er verfolgt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Starting scale</source>
   <translation>Anfangsskala</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Starting text</source>
   <translation>Anfangstext</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Starting the worker</source>
   <translation>Arbeitsprozess startet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Starts as a LoRA of a higher rank and removes the least important ranks. Needs a few hundred steps. (Zhang et al. 2023)</source>
   <translation>Beginnt als LoRA mit höherem Rang und entfernt die unwichtigsten Ränge. Braucht einige hundert Schritte. (Zhang et al. 2023)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Starts at the directions of your data</source>
   <translation>Beginnt bei den Richtungen Ihrer Daten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Starts at the weight's QR factors</source>
   <translation>Beginnt bei den QR-Faktoren des Gewichts</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Starts at the weight's singular vectors</source>
   <translation>Beginnt bei den Singulärvektoren des Gewichts</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Starts from random values instead of words.</source>
   <translation>Beginnt mit Zufallswerten statt mit Wörtern.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Step size of the optimizer. Empty: the method's preset.</source>
   <translation>Schrittweite des Optimierers. Leer: die Vorlage des Verfahrens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Step {1} skipped: its loss is not finite.</source>
   <translation>Schritt {1} übersprungen: Sein Verlust ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps at most</source>
   <translation>Max. Schritte</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between checkpoints. Automatic: about once per epoch.</source>
   <translation>Schritte zwischen zwei Prüfpunkten. Automatisch: etwa einmal je Epoche.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between evaluations on the validation split. Automatic: about once per epoch.</source>
   <translation>Schritte zwischen zwei Bewertungen am Validierungsteil. Automatisch: etwa einmal je Epoche.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Steps between rank allocations. Empty: about a hundred allocations.</source>
   <translation>Schritte zwischen zwei Verteilungen der Ränge. Leer: etwa hundert Verteilungen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between reports of the loss.</source>
   <translation>Schritte zwischen Meldungen des Verlusts.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Stop it first.</source>
   <translation>Stoppen Sie das vorher.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped</source>
   <translation>Gestoppt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Stopped at step {1} of {2}, after {3} min of training.</source>
   <translation>Gestoppt bei Schritt {1} von {2}, nach {3} min Training.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped at step {1} of {2}.</source>
   <translation>Gestoppt bei Schritt {1} von {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Stopped at step {1}: {2} without a better {3}.</source>
   <translation>Gestoppt bei Schritt {1}: {2} ohne Verbesserung ({3}).</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped before the first step.</source>
   <translation>Vor dem ersten Schritt gestoppt.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped {1}</source>
   <translation>Gestoppt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped {1} at step {2} of {3}</source>
   <translation>Gestoppt {1} bei Schritt {2} von {3}</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Stopped. A prompt is saved only after scoring.</source>
   <translation>Gestoppt. Ein Prompt wird erst nach dem Bewerten gespeichert.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Stops after this many evaluations without improvement. Automatic: 3 with automatic epochs and at least 10 validation examples, else never.</source>
   <translation>Stoppt nach so vielen Bewertungen ohne Verbesserung. Automatisch: 3 bei automatischen Epochen und mindestens 10 Validierungsbeispielen, sonst nie.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Stops after this many steps.</source>
   <translation>Stoppt nach so vielen Schritten.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Storage problem</source>
   <translation>Speicherproblem</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Strength of the change. If you raise it, lower the learning rate.</source>
   <translation>Stärke der Änderung. Senken Sie die Lernrate, wenn Sie sie erhöhen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Summaries are cut off after this many tokens.</source>
   <translation>Zusammenfassungen werden nach so vielen Tokens abgeschnitten.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Summaries are cut off after this many tokens. Automatic: enough for 99 % of the references.</source>
   <translation>Zusammenfassungen werden nach so vielen Tokens abgeschnitten. Automatisch: genug für 99 % der Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Summarising</source>
   <translation>Wird zusammengefasst</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Summarize the following conversation in one or two short sentences.</source>
   <translation>Summarize the following conversation in one or two short sentences.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>Summary</source>
   <translation>Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Summary column</source>
   <translation>Zusammenfassungsspalte</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Summary longer than its conversation</source>
   <translation>Zusammenfassung länger als Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Summary over the limit</source>
   <translation>Zusammenfassung über der Grenze</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Summary that looks like a copy</source>
   <translation>Zusammenfassung wirkt abgeschrieben</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Supported: csv, json, parquet and arrow.</source>
   <translation>Gelesen werden: csv, json, parquet und arrow.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Supported: {1}.</source>
   <translation>Gelesen werden: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Swahili</source>
   <translation>Swahili</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Swedish</source>
   <translation>Schwedisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Switch them off, or use {1}.</source>
   <translation>Schalten Sie sie aus, oder verwenden Sie {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Switched off: {1}. On: {2}.</source>
   <translation>Abgeschaltet: {1}. An: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Synchronise both clocks.</source>
   <translation>Stellen Sie beide Uhren gleich.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>System</source>
   <translation>System</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>T5 overflows in float16.</source>
   <translation>T5 läuft in float16 über.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>T5's task prefix</source>
   <translation>Aufgabenpräfix von T5</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Tables</source>
   <translation>Tabellen</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Tajik</source>
   <translation>Tadschikisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Tamil</source>
   <translation>Tamil</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Tasks</source>
   <translation>Aufgaben</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Tasks in the file. Only the first is trained.</source>
   <translation>Aufgaben in der Datei. Nur die erste wird trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Teams</source>
   <translation>Teams</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Teams messages</source>
   <translation>Teams-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Telegram messages</source>
   <translation>Telegram-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Telugu</source>
   <translation>Telugu</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Temperature</source>
   <translation>Temperatur</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Template</source>
   <translation>Prompt-Vorlage</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Test limit</source>
   <translation>Testgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Text</source>
   <translation>Text</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Text above the table of {1} is skipped: {2}.</source>
   <translation>Text über der Tabelle von {1} wird ausgelassen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Text on which the loss shows what the model forgot. Auto: the bundled text. None: not measured. Or a text file with blank lines between passages.</source>
   <translation>Text, an dem der Verlust zeigt, was das Modell vergessen hat. Auto: der mitgelieferte Text. None: nicht gemessen. Oder eine Textdatei mit Leerzeilen zwischen den Abschnitten.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Thai</source>
   <translation>Thai</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>That chooses the whole model.</source>
   <translation>Das wählt das ganze Modell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The GPU driver doesn't work: {1}</source>
   <translation>Der GPU-Treiber funktioniert nicht: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The GPU driver {1} is too old: torch for {2} needs {3}.</source>
   <translation>Der GPU-Treiber {1} ist zu alt: torch für {2} braucht {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The GPU reported an error: {1}.</source>
   <translation>Die GPU meldet einen Fehler: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The GPU stopped responding: {1}.</source>
   <translation>Die GPU antwortet nicht mehr: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The MLP always has two hidden layers.</source>
   <translation>Das MLP hat immer zwei verborgene Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>The adapter</source>
   <translation>Der Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>The adapter can't be added to the library: {1}.</source>
   <translation>Der Adapter lässt sich nicht in die Bibliothek legen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>The adapter is trained up to this step.</source>
   <translation>Der Adapter ist bis zu diesem Schritt trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The adapter's conversations are unknown.</source>
   <translation>Die Gespräche des Adapters sind nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The adapter's training prompt is unknown.</source>
   <translation>Der Trainingsprompt des Adapters ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>The address of the hub or its proxy is invalid.</source>
   <translation>Die Adresse des Hubs oder seines Proxys ist ungültig.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>The arena already has an entry "{1}".</source>
   <translation>Die Arena hat schon einen Eintrag „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>The arena in {1} is gone or can't be written.</source>
   <translation>Die Arena in {1} ist weg oder lässt sich nicht schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/file_scores.py" />
   <source>The arena was scored with another metric: {1}, here {2}.</source>
   <translation>Die Arena wurde mit einer anderen Metrik bewertet: {1}, hier {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>The arena {1} can't be read.</source>
   <translation>Die Arena {1} lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>The arena's scored conversations can't be read.</source>
   <translation>Die bewerteten Gespräche der Arena sind nicht lesbar.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>The attention of every block</source>
   <translation>Die Attention jedes Blocks</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/evaluator.py" />
   <source>The base model can't be scored in {1} format: {2}</source>
   <translation>Das Basismodell lässt sich im Format {1} nicht bewerten: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>The base model was scored in its chat format, the better one</source>
   <translation>Das Basismodell wurde in seinem Chat-Format bewertet, dem besseren</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>The base model was scored with a plain prompt, the better one</source>
   <translation>Das Basismodell wurde mit dem einfachen Prompt bewertet, dem besseren</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The base model {1} is under {2}.</source>
   <translation>Das Basismodell {1} steht unter {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The base model's licence is unknown; check it before you share anything.</source>
   <translation>Die Lizenz des Basismodells ist nicht bekannt; prüfen Sie sie, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/interim_evaluation.py" />
   <source>The base model's validation loss is not finite.</source>
   <translation>Der Validierungsverlust des Basismodells ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The bat form's rank</source>
   <translation>Der Rang der Form bat</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>The best state so far</source>
   <translation>Der bisher beste Stand</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The block size</source>
   <translation>Die Blockgröße</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>The cache of token ids</source>
   <translation>Der Cache der Token-IDs</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>The change depends on the weight</source>
   <translation>Die Änderung hängt vom Gewicht ab</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The change is scaled by alpha over rank.</source>
   <translation>Die Änderung wird mit Alpha durch Rang skaliert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>The change is scaled by alpha over rank. Often once or twice the rank.</source>
   <translation>Die Änderung wird mit Alpha durch Rang skaliert. Oft das Ein- oder Zweifache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>The change is scaled by alpha over rank. Usually 20 times the rank.</source>
   <translation>Die Änderung wird mit Alpha durch Rang skaliert. Üblich ist das 20-Fache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The change is scaled by alpha over the initial rank.</source>
   <translation>Die Änderung wird mit Alpha durch Anfangsrang skaliert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template adds too much to its input.</source>
   <translation>Die Chat-Vorlage fügt ihrer Eingabe zu viel hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template changes its input.</source>
   <translation>Die Chat-Vorlage verändert ihre Eingabe.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template crashed its process.</source>
   <translation>Die Chat-Vorlage brachte ihren Prozess zum Absturz.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template doesn't finish within {1} seconds.</source>
   <translation>Die Chat-Vorlage endet nicht innerhalb von {1} Sekunden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template drops or repeats its input.</source>
   <translation>Die Chat-Vorlage lässt ihre Eingabe weg oder wiederholt sie.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template fails: {1}</source>
   <translation>Die Chat-Vorlage scheitert: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The chat template needs too much memory.</source>
   <translation>Die Chat-Vorlage braucht zu viel Speicher.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>The checkpoint of step {1}</source>
   <translation>Der Prüfpunkt von Schritt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>The clipboard contains no text.</source>
   <translation>Es gibt keinen Text zum Einfügen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>The closest method that works: {1}.</source>
   <translation>Am nächsten kommt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>The cluster at {1} has no token, so anyone on its network could read what you send.</source>
   <translation>Der Cluster bei {1} hat kein Token: Jeder in seinem Netz könnte lesen, was Sie senden.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>The cluster can't store the upload: {1}</source>
   <translation>Der Cluster kann nicht aufbewahren, was gesendet wird: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>The cluster ended it: {1}</source>
   <translation>Der Cluster hat ihn beendet: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>The cluster sent an unexpected file.</source>
   <translation>Der Cluster hat eine unerwartete Datei gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/arrivals.py" />
   <source>The cluster sent an unexpected file: {1}.</source>
   <translation>Der Cluster hat eine unerwartete Datei gesendet: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/arrivals.py" />
   <source>The cluster sent the adapter {1} as {2}.</source>
   <translation>Der Cluster hat den Adapter {1} als {2} gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>The cluster sent too many events for the run.</source>
   <translation>Der Cluster hat zu viele Ereignisse des Laufs gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>The command {1} can't be sent to {2}: {3}.</source>
   <translation>Der Befehl {1} lässt sich nicht an {2} senden: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>The command {1} has more than {2} MB.</source>
   <translation>Der Befehl {1} ist größer als {2} MB.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>The comparison can't be created: {1}.</source>
   <translation>Der Vergleich kann nicht angelegt werden: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>The computer {1} can't be found ({2}): {3}.</source>
   <translation>{1} ist kein Computer, der sich finden lässt ({2}): {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>The config.json of {1} can't be read: {2}.</source>
   <translation>Die config.json von {1} ist nicht lesbar: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} declares {2} layers; the files have {3} weights.</source>
   <translation>Die config.json von {1} verlangt {2} Schichten; die Dateien haben {3} Gewichte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}, but there are {4} tokens.</source>
   <translation>Die config.json von {1} sagt {2} = {3}, und es gibt {4} Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}, which would run code.</source>
   <translation>Die config.json von {1} sagt {2} = {3}, was Code ausführen würde.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}; allowed: 1 to {4}.</source>
   <translation>Die config.json von {1} sagt {2} = {3}; erlaubt: 1 bis {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The configuration of {1} declares a prefix of width {2}, its weights {3}.</source>
   <translation>Die Konfiguration von {1} verlangt ein {2} breites Prefix, seine Gewichte sind {3} breit.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The configuration of {1} says {2} = {3}, its weights {4}.</source>
   <translation>Die Konfiguration von {1} sagt {2} = {3}, seine Gewichte {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The configuration of {1} says {2} = {3}, which {4}.</source>
   <translation>Die Konfiguration von {1} sagt {2} = {3}; das {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The connection broke after {1} of {2}.</source>
   <translation>Die Verbindung brach nach {1} von {2} ab.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>The connection to the hub was lost.</source>
   <translation>Die Verbindung zum Hub ist abgebrochen.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>The connection to {1} was lost: {2}.</source>
   <translation>Die Verbindung zu {1} ging verloren: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/requests.py" />
   <source>The conversation contains an incomplete character, such as half an emoji.</source>
   <translation>Das Gespräch enthält ein unvollständiges Zeichen, etwa ein halbes Emoji.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>The conversation is empty.</source>
   <translation>Das Gespräch ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The conversation is too long.</source>
   <translation>Das Gespräch ist zu lang.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>The conversations are in {1}; the base model is for {2}.</source>
   <translation>Die Gespräche sind auf {1}; das Basismodell ist für {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>The conversations of {1} can't be read.</source>
   <translation>Die Gespräche von {1} können nicht gelesen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The conversations of {1} can't be read: {2}.</source>
   <translation>Die Gespräche von {1} lassen sich nicht lesen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>The data contains no chat export to split.</source>
   <translation>Die Daten enthalten keinen Chatexport zum Teilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>The data for other ranks</source>
   <translation>Was andere Ranks lesen</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_names.py" />
   <source>The data has no columns.</source>
   <translation>Die Daten haben keine Spalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The data has no {1} split: {2} held out.</source>
   <translation>Die Daten haben keinen Teil {1}: {2} zurückgehalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>The data has {1} conversations in all: use --split all.</source>
   <translation>Die Daten haben insgesamt {1} Gespräche: Verwenden Sie --split all.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The data is under {1}.</source>
   <translation>Die Daten stehen unter {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>The data set can't be written: {1}.</source>
   <translation>Der Datensatz lässt sich nicht schreiben: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The data's licence is unknown; check it before you share anything.</source>
   <translation>Die Lizenz der Daten ist nicht bekannt; prüfen Sie sie, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>The deleted files are still in {1}.</source>
   <translation>Was gelöscht wurde, liegt noch in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk failed.</source>
   <translation>Die Festplatte hat versagt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk is full.</source>
   <translation>Die Festplatte ist voll.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>The disk is full: {1} can't be unpacked to {2}.</source>
   <translation>Der Datenträger ist voll: {1} kann nicht nach {2} entpackt werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk is read-only.</source>
   <translation>Die Festplatte ist schreibgeschützt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/locks.py" />
   <source>The disk of Tunesmith's files has no locks: {1}.</source>
   <translation>Der Datenträger mit den Dateien von Tunesmith kennt keine Sperren: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The disk of {1} is full.</source>
   <translation>Die Festplatte mit {1} ist voll.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>The download</source>
   <translation>Der Download</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The encoder reads the vectors in order.</source>
   <translation>Der Encoder liest die Vektoren der Reihe nach.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>The entry has no name.</source>
   <translation>Der Eintrag hat keinen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The environment variable {1} hides all GPUs.</source>
   <translation>Die Umgebungsvariable {1} verbirgt alle GPUs.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>The examples in the prompt</source>
   <translation>Der Beispielteil des Prompts</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The export</source>
   <translation>Der Export</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>The files are of several kinds: {1}.</source>
   <translation>Die Dateien sind von verschiedener Art: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>The folder {1} can't be created: {2}.</source>
   <translation>Der Ordner {1} lässt sich nicht anlegen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>The folder {1} was moved or deleted.</source>
   <translation>Der Ordner {1} wurde verschoben oder gelöscht.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>The head can't be reached: {1}:{2} {3}.</source>
   <translation>Der Kopfknoten ist nicht erreichbar: {1}:{2} {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>The head of {1} lacks Tunesmith.</source>
   <translation>Dem Kopfknoten von {1} fehlt Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The hidden layer needs the projection.</source>
   <translation>Die verborgene Schicht braucht die Projektion.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>The host key of {1} changed. It may be another computer.</source>
   <translation>Der Schlüssel von {1} hat sich geändert. Es kann ein anderer Computer sein.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>The host key of {1} is unknown.</source>
   <translation>Der Schlüssel von {1} ist hier nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The hub answered with an error ({1}).</source>
   <translation>Der Hub antwortet mit einem Fehler ({1}).</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>The hub can't be reached: {1} {2}.</source>
   <translation>Der Hub ist nicht zu erreichen: {1} {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The hub has no {1} named {2}.</source>
   <translation>Der Hub kennt {2} nicht ({1}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>The hub rejected the files: {1}</source>
   <translation>Der Hub nimmt die Dateien nicht an: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>The hub rejected the token.</source>
   <translation>Der Hub kennt das Token nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>The hub requires a token for uploads.</source>
   <translation>Der Hub verlangt ein Token, bevor er etwas annimmt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The hub stopped answering.</source>
   <translation>Der Hub antwortet nicht mehr.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The initial rank, {1}, must be above the final rank, {2}.</source>
   <translation>Der Anfangsrang, {1}, muss über dem Endrang, {2}, liegen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The initialisation {1} doesn't work on an int8 base.</source>
   <translation>Die Initialisierung {1} geht nicht mit einem int8-Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The language {1} is not known.</source>
   <translation>Die Sprache {1} ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The largest batch needs more memory than {1}.</source>
   <translation>Der größte Batch braucht mehr Speicher als {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The largest batch needs {1} of memory; {2} is available.</source>
   <translation>Der größte Batch braucht {1} Speicher; verfügbar sind {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>The last turn can't be the summary if each row is a turn.</source>
   <translation>Wenn jede Zeile ein Beitrag ist, kann der letzte nicht die Zusammenfassung sein.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>The last turn can't be {1}.</source>
   <translation>Der letzte Beitrag kann nicht {1} sein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/multi_lora.py" />
   <source>The layer's rows are not those of the batch.</source>
   <translation>Die Zeilen der Schicht sind nicht die des Batches.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The licence of the base model {1} is unknown; check it before you share anything.</source>
   <translation>Die Lizenz des Basismodells {1} ist nicht bekannt; prüfen Sie sie, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>The list of computers</source>
   <translation>Die Liste der Computer</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>The lists in column "{1}" may be one summary each, or several: {2}.</source>
   <translation>Die Listen der Spalte „{1}“ können je eine Zusammenfassung sein oder mehrere: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The log has the details.</source>
   <translation>Das Protokoll enthält die Einzelheiten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The log has the details. {1}</source>
   <translation>Im Protokoll stehen die Einzelheiten. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>The longest stack of this model has {1}, not {2}.</source>
   <translation>Der längste Stapel dieses Modells hat {1}, nicht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/general_loss.py" />
   <source>The loss on general text is not finite.</source>
   <translation>Der Verlust auf allgemeinem Text ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_loop.py" />
   <source>The loss or its gradients are not finite at step {1} and the {2} steps before.</source>
   <translation>Der Verlust oder seine Gradienten sind bei Schritt {1} und den {2} Schritten davor nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The mini rank</source>
   <translation>Der Mini-Rang</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>The minimum length, {1}, is above the maximum, {2}.</source>
   <translation>Die Mindestlänge, {1}, liegt über der Höchstlänge, {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>The model can't learn who says what.</source>
   <translation>Das Modell kann nicht lernen, wer was sagt.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>The model learns to copy.</source>
   <translation>Das Modell lernt abzuschreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>The model learns to write them.</source>
   <translation>Das Modell lernt, sie zu schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>The model trains on what it is scored on.</source>
   <translation>Das Modell trainiert mit dem, woran es bewertet wird.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The name has {1} characters.</source>
   <translation>Der Name hat {1} Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>The name must be text.</source>
   <translation>Der Name muss Text sein.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>The name {1} can't be resolved.</source>
   <translation>{1} ist in diesem Netz kein bekannter Name.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The network that computes the vectors: each alone (MLP) or in order (LSTM).</source>
   <translation>Das Netz, das die Vektoren berechnet: jeden für sich (MLP) oder der Reihe nach (LSTM).</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>The node couldn't report its hardware: {1}</source>
   <translation>Der Knoten konnte nicht sagen, was er hat: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>The node doesn't answer.</source>
   <translation>Der Knoten antwortet nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node has Tunesmith {1}, this computer {2}.</source>
   <translation>Der Knoten hat Tunesmith {1}, dieser Computer {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node has only {1} GB of free disk space.</source>
   <translation>Der Knoten hat nur {1} GB freien Plattenplatz.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node has {1} {2}, this computer {3}; results may differ.</source>
   <translation>Der Knoten hat {1} {2}, dieser Computer {3}; Ergebnisse können abweichen.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>The node is gone.</source>
   <translation>Den Knoten gibt es nicht mehr.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node lacks {1}.</source>
   <translation>Dem Knoten fehlt {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node's Python lacks Tunesmith.</source>
   <translation>Dem Python des Knotens fehlt Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node's clock is off by {1} s.</source>
   <translation>Die Uhr des Knotens weicht um {1} s ab.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The number of blocks</source>
   <translation>Die Zahl der Blöcke</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/train.py" />
   <source>The one before it is used.</source>
   <translation>Der davor wird genommen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The orthogonal initialisation needs an even rank.</source>
   <translation>Die orthogonale Initialisierung braucht einen geraden Rang.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The other one is fine.</source>
   <translation>Die andere ist in Ordnung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The other {1} are fine.</source>
   <translation>Die anderen {1} sind in Ordnung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>The package gguf is not installed.</source>
   <translation>Das Paket gguf ist nicht installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>The package has no converter.</source>
   <translation>Das Paket hat keinen Konverter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>The parts' summaries exceed {1} tokens and are cut.</source>
   <translation>Die Zusammenfassungen der Teile sind länger als {1} Tokens und werden gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The practice model of Tunesmith is under {1}.</source>
   <translation>Das Übungsmodell von Tunesmith steht unter {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>The processes can't meet: {1} is {2}.</source>
   <translation>Die Prozesse haben keinen Treffpunkt: {1} ist {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>The prompt</source>
   <translation>Der Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The prompt has no {1}.</source>
   <translation>Im Prompt fehlt {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The prompt has {1} characters; the limit is {2}.</source>
   <translation>Der Prompt hat {1} Zeichen; die Grenze ist {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>The prompt of {1} contains {2}, which would be uploaded.</source>
   <translation>Der Prompt von {1} enthält {2} und würde mitgesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>The prompt with its examples, before the conversation</source>
   <translation>Der Prompt mit seinen Beispielen, vor dem Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>The prompt; {conversation} stands for the conversation.</source>
   <translation>Der Prompt. {conversation} wird durch das Gespräch ersetzt.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>The queue is paused.</source>
   <translation>Die Warteschlange pausiert.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>The queue of {1} is already running elsewhere.</source>
   <translation>Die Warteschlange von {1} läuft schon anderswo.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>The queue of {1} is running.</source>
   <translation>Die Warteschlange von {1} wird gerade abgearbeitet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The rank</source>
   <translation>Der Rang</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>The ranks lost their connection: {1}</source>
   <translation>Die Verbindung der Ranks ist verloren: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>The recipe computes on the CPU and needs no GPU.</source>
   <translation>Das Rezept rechnet auf der CPU und braucht keine GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The recipe excludes them (data.exclude).</source>
   <translation>Das Rezept schließt sie aus (data.exclude).</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>The recipe is not valid TOML: {1}.</source>
   <translation>Das Rezept ist kein TOML: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The recipe says so (data.mask).</source>
   <translation>So sagt es das Rezept (data.mask).</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>The record of changes can't be read: {1}: {2}.</source>
   <translation>Die Aufzeichnung der Änderungen lässt sich nicht lesen: {1}: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>The role "{1}" has no column.</source>
   <translation>Der Rolle „{1}“ fehlt eine Spalte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/row_store.py" />
   <source>The rows don't fit into memory, and {1} can't be written: {2}.</source>
   <translation>Die Zeilen passen nicht in den Arbeitsspeicher, und {1} lässt sich nicht schreiben: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>The run continues from the {1}.</source>
   <translation>Der Lauf geht vom {1} aus weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>The run continues in {1} instead of {2}; only the last digits differ.</source>
   <translation>Der Lauf geht in {1} statt {2} weiter; nur die letzten Stellen sind anders.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>The run continues; only the last digits of the result differ.</source>
   <translation>Der Lauf geht weiter; nur die letzten Stellen sind anders.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>The run's events</source>
   <translation>Das Ereignisprotokoll des Laufs</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>The same seed gives the same result.</source>
   <translation>Derselbe Startwert ergibt dasselbe Ergebnis.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>The same, per sentence.</source>
   <translation>Dasselbe, Satz für Satz.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The set can't be created: {1}.</source>
   <translation>Die Sammlung lässt sich nicht anlegen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>The sheets are: {1}.</source>
   <translation>Die Blätter sind: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The split to score.</source>
   <translation>Der Teil, der bewertet wird.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/soft_prompts.py" />
   <source>The starting text has no tokens.</source>
   <translation>Der Anfangstext hat keine Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The starting text is empty.</source>
   <translation>Der Anfangstext ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>The state in {1} doesn't match this run: {2}.</source>
   <translation>Der Zustand in {1} passt nicht zu diesem Lauf: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The state that becomes the adapter. With automatic epochs and fewer than 10 validation examples, always the last.</source>
   <translation>Der Stand, der zum Adapter wird. Bei automatischen Epochen und weniger als 10 Validierungsbeispielen immer der letzte.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summaries</source>
   <translation>Die Datei der Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>The summaries in {1} match other conversations no worse than their own.</source>
   <translation>Die Zusammenfassungen in {1} passen zu anderen Gesprächen nicht schlechter als zu ihren eigenen.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summary has {1} characters.</source>
   <translation>Die Zusammenfassung hat {1} Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The summary is both a column and the last turn.</source>
   <translation>Die Zusammenfassung ist zugleich Spalte und letzter Beitrag.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The system ran out of memory and killed a process of the run.</source>
   <translation>Das System hat aus Speichermangel einen Prozess des Laufs beendet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>The tables are: {1}.</source>
   <translation>Die Tabellen sind: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The template "{1}" can't be deleted: {2}.</source>
   <translation>Die Prompt-Vorlage „{1}“ lässt sich nicht löschen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The template "{1}" can't be read.</source>
   <translation>Die Prompt-Vorlage „{1}“ lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>The template "{1}" can't be renamed: {2}.</source>
   <translation>Die Prompt-Vorlage „{1}“ lässt sich nicht umbenennen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The text is named twice: "{1}" and "{2}".</source>
   <translation>Der Text ist zweimal angegeben: „{1}“ und „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>The token has no write access to {1}.</source>
   <translation>Das Token darf nicht in {1} schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>The token in {1} is empty.</source>
   <translation>Das Token in {1} ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>The tokenizer of {1} can't be loaded: {2}</source>
   <translation>Der Tokenizer von {1} lässt sich nicht laden: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>The tokenizer of {1} can't be saved in a model folder.</source>
   <translation>Der Tokenizer von {1} lässt sich nicht in einem Modellordner aufbewahren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>The tokenizer of {1} can't be used: {2}.</source>
   <translation>Der Tokenizer von {1} lässt sich nicht verwenden: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>The tokenizer of {1} has no end token.</source>
   <translation>Der Tokenizer von {1} hat kein Endtoken.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>The tokenizer of {1} has {2} tokens, the model {3}.</source>
   <translation>Der Tokenizer von {1} hat {2} Tokens, das Modell {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>The tokenizer of {1} is not downloaded</source>
   <translation>Der Tokenizer von {1} ist nicht heruntergeladen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>The training split has {1}, too few to show {2} and train on others.</source>
   <translation>Der Trainingsteil hat {1}, zu wenige, um {2} zu zeigen und mit anderen zu trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>The training split has {1}, too few to show {2}.</source>
   <translation>Der Trainingsteil hat {1}, zu wenige, um {2} zu zeigen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The usual one is "main".</source>
   <translation>Die meisten haben „main“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/interim_evaluation.py" />
   <source>The validation loss at step {1} is not finite.</source>
   <translation>Der Validierungsverlust bei Schritt {1} ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>The value</source>
   <translation>Der Wert</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>The votes</source>
   <translation>Die Stimmen</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>The weights keep their number format.</source>
   <translation>Die Gewichte behalten ihr Zahlenformat.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>The weights of {1} are in {2}, not in {3}.</source>
   <translation>Die Gewichte von {1} liegen in {2}, nicht in {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>The weights of {1} don't match, first at {2}.</source>
   <translation>Die Gewichte von {1} passen nicht, zuerst bei {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/following.py" />
   <source>The work continues at {1}. Trying to reconnect.</source>
   <translation>Was gesendet wurde, geht auf {1} weiter. Es wird wieder versucht.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker can't be started: {1}.</source>
   <translation>Der Arbeitsprozess lässt sich nicht starten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker ended unexpectedly.</source>
   <translation>Der Arbeitsprozess endete unerwartet.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker ended while memory was short.</source>
   <translation>Der Arbeitsprozess endete, während der Speicher knapp war.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker ended with exit code {1}.</source>
   <translation>Der Arbeitsprozess endete mit dem Code {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>The worker found nothing.</source>
   <translation>Der Arbeitsprozess hat nichts gefunden.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker was ended from outside ({1}).</source>
   <translation>Der Arbeitsprozess wurde von außen beendet ({1}).</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker was killed, probably out of memory.</source>
   <translation>Der Arbeitsprozess wurde beendet, vermutlich aus Speichermangel.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The {1} has no driver.</source>
   <translation>Für die {1} ist kein Treiber installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/systems.py" />
   <source>Their conversations differ.</source>
   <translation>Ihre Gespräche sind verschieden.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Their sum must be below 1.</source>
   <translation>Beide müssen zusammen unter 1 liegen.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>There already is a computer "{1}".</source>
   <translation>Einen Computer „{1}“ gibt es schon.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>There already is a template "{1}".</source>
   <translation>Es gibt schon eine Prompt-Vorlage „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>There are no conversations to test on.</source>
   <translation>Es gibt keine Gespräche zum Testen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>There are no data files in {1}.</source>
   <translation>In {1} sind keine Datendateien.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>There are no votes yet.</source>
   <translation>Es gibt noch keine Stimme.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>There are no {1} in {2}.</source>
   <translation>In {2} gibt es keine {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>There is no "{1}" in the trash.</source>
   <translation>Im Papierkorb gibt es kein „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>There is no adapter "{1}".</source>
   <translation>Es gibt keinen Adapter „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>There is no arena "{1}".</source>
   <translation>Es gibt keine Arena „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_names.py" />
   <source>There is no column "{1}".</source>
   <translation>Es gibt keine Spalte „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>There is no computer "{1}".</source>
   <translation>Einen Computer „{1}“ gibt es nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>There is no conversation.</source>
   <translation>Es gibt kein Gespräch.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>There is no cuda:{1}. {2}</source>
   <translation>Es gibt kein cuda:{1}. {2}</translation>
  </message>
  <message>
   <location filename="../../engine/config/general_text.py" />
   <source>There is no file at {1}.</source>
   <translation>Bei {1} ist keine Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>There is no method "{1}".</source>
   <translation>Es gibt kein Verfahren „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>There is no recipe at {1}.</source>
   <translation>Unter {1} ist kein Rezept.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>There is no role "{1}".</source>
   <translation>Eine Rolle „{1}“ gibt es nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>There is no run "{1}".</source>
   <translation>Es gibt keinen Lauf „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>There is no saved template "{1}".</source>
   <translation>Es gibt keine gespeicherte Prompt-Vorlage „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>There is no stemmer for {1}</source>
   <translation>Keinen Stemmer gibt es für: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>There is no summary yet.</source>
   <translation>Es gibt noch keine Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../engine/config/general_text.py" />
   <source>There is no text in {1}.</source>
   <translation>In {1} steht kein Text.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>There is no token at {1}.</source>
   <translation>In {1} ist kein Token.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>There is nothing to compare.</source>
   <translation>Es gibt nichts zu vergleichen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>These are: {1}.</source>
   <translation>Es gibt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>These cells of {1} contain an error or no stored value and are read as empty: {2}. Save it again in a spreadsheet.</source>
   <translation>Diese Zellen von {1} enthalten einen Fehler oder keinen gespeicherten Wert und werden als leer gelesen: {2}. Speichern Sie die Datei neu in einer Tabellenkalkulation.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>These do: {1}.</source>
   <translation>Diese tun es: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>They are ignored, which is fine for parts that process no text.</source>
   <translation>Sie werden ignoriert, was bei Teilen ohne Text in Ordnung ist.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>They have: {1}.</source>
   <translation>Sie enthalten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>They have: {1}. Name the key of the text as data.columns.text.</source>
   <translation>Sie enthalten: {1}. Nennen Sie den Schlüssel des Gesagten als data.columns.text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/generation/generate.py" />
   <source>This base model doesn't support beams.</source>
   <translation>Dieses Basismodell unterstützt keine Beams.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>This base model has no chat template.</source>
   <translation>Dieses Basismodell hat keine Chat-Vorlage.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>This base model has no {1}, which llama.cpp requires.</source>
   <translation>Diesem Basismodell fehlt {1}, das llama.cpp für seine Art braucht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>This base model supports {1} tokens; prompt and summary{2} need {3}.</source>
   <translation>Dieses Basismodell nimmt {1} Tokens; Prompt und Zusammenfassung{2} brauchen {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>This computer is already a node at {1}.</source>
   <translation>Dieser Computer ist schon ein Knoten bei {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>This is the unchanged base model. Edit the prompt, or add examples.</source>
   <translation>Das ist das unveränderte Basismodell. Ändern Sie den Prompt, oder fügen Sie Beispiele hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>This kind of export has no {1}.</source>
   <translation>Diese Art des Exports gibt es nicht in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>This model has no {1} to train.</source>
   <translation>Dieses Modell hat keine {1} zum Trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>This prompt</source>
   <translation>Dieser Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>This run needs about {1} of memory; {2} is available.</source>
   <translation>Dieser Lauf braucht etwa {1} Speicher; verfügbar sind {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>This torch is built for {1} and can't use {2}.</source>
   <translation>Dieses torch ist für {1} gebaut und nutzt {2} nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>This torch, built for {1}, can't use the {2}.</source>
   <translation>Dieses torch, gebaut für {1}, kann die {2} nicht verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>This user has no home folder.</source>
   <translation>Dieser Benutzer hat keinen persönlichen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>This version can't read recipes of schema {1}.</source>
   <translation>Diese Version kann Rezepte nach Schema {1} nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Three seeds show the spread; five are better.</source>
   <translation>Drei Startwerte zeigen die Streuung; fünf sind besser.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Tibetan</source>
   <translation>Tibetisch</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Time</source>
   <translation>Zeit</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>To read them, move them to another folder.</source>
   <translation>Um sie zu lesen, legen Sie sie in einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>To read them, save them as text, csv or JSON lines.</source>
   <translation>Speichern Sie den Inhalt als Text, csv oder JSON-Zeilen, um ihn zu lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>Tokens are counted with the tokenizer of {1}.</source>
   <translation>Tokens sind mit dem Tokenizer von {1} gezählt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Tokens computed at a time. Fewer need less memory; the result is the same.</source>
   <translation>Tokens, die auf einmal berechnet werden. Weniger brauchen weniger Speicher; das Ergebnis ist dasselbe.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Too few conversations to tell</source>
   <translation>Zu wenige Gespräche für ein Urteil</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Top-p</source>
   <translation>Top-p</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Train a small network that computes the prefix, for stability; its learning rate is a thirtieth of the run's.</source>
   <translation>Ein kleines Netz trainieren, das das Prefix berechnet, was stabiler ist; seine Lernrate ist ein Dreißigstel der des Laufs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Train magnitude and direction separately (DoRA): learns more at low ranks, but is slower.</source>
   <translation>Betrag und Richtung getrennt trainieren (DoRA): lernt mehr bei niedrigen Rängen, ist aber langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Train on them</source>
   <translation>Damit trainieren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train the last blocks of each stack.</source>
   <translation>Die letzten Blöcke jedes Stapels trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train weights or norms instead.</source>
   <translation>Trainieren Sie stattdessen Gewichte oder Normen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Train without it.</source>
   <translation>Trainieren Sie ohne ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>Train without sharding.</source>
   <translation>Trainieren Sie, ohne es aufzuteilen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Trainable</source>
   <translation>Trainierbar</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trained amplitudes at random frequencies, for each adapted layer.</source>
   <translation>Trainierte Amplituden bei zufälligen Frequenzen, für jede angepasste Schicht.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Trained keys and values before the text</source>
   <translation>Trainierte Schlüssel und Werte vor dem Text</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained keys and values in each attention layer of the decoder.</source>
   <translation>Trainierte Schlüssel und Werte in jeder Attention-Schicht des Decoders.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained keys and values per decoder layer</source>
   <translation>Trainierte Schlüssel und Werte je Decoder-Schicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trained parts</source>
   <translation>Trainierte Teile</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained vectors before the input</source>
   <translation>Trainierte Vektoren vor der Eingabe</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained vectors before the input.</source>
   <translation>Trainierte Vektoren vor der Eingabe.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Trained vectors before the text</source>
   <translation>Trainierte Vektoren vor dem Text</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Trained weights or optimizer state are not finite and can't be saved.</source>
   <translation>Trainierte Gewichte oder Optimiererzustand sind nicht endlich und lassen sich nicht speichern.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Training</source>
   <translation>Training</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Training limit</source>
   <translation>Trainingsgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains a copy of every weight: the most that can be learned, at the size of the base model. For small models and as a yardstick.</source>
   <translation>Trainiert eine Kopie jedes Gewichts: das meiste, was sich lernen lässt, in der Größe des Basismodells. Für kleine Modelle und als Maßstab.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains a copy of some layers: the last blocks, those with certain names, or both. Blocks below need no gradients.</source>
   <translation>Trainiert eine Kopie einiger Schichten: die letzten Blöcke, solche mit bestimmten Namen oder beides. Die Blöcke darunter brauchen keine Gradienten.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains a few frequencies per weight</source>
   <translation>Trainiert wenige Frequenzen je Gewicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains a few random entries of each weight, one or two percent in the paper. Use it if only few weights may change. (Bhardwaj et al. 2024)</source>
   <translation>Trainiert einige zufällige Einträge jedes Gewichts, im Artikel ein bis zwei Prozent. Nehmen Sie es, wenn sich nur wenige Gewichte ändern dürfen. (Bhardwaj et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains as many entries of each weight as LoRA of this rank has parameters.</source>
   <translation>Trainiert so viele Einträge jedes Gewichts, wie LoRA mit diesem Rang Parameter hat.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains chosen layers, whole</source>
   <translation>Trainiert ausgewählte Schichten ganz</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains every weight</source>
   <translation>Trainiert jedes Gewicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trains nothing, adds examples</source>
   <translation>Trainiert nichts, fügt Beispiele hinzu</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trains nothing: the base model gets your prompt, with as many examples as you like. It shows what a trained adapter has to beat.</source>
   <translation>Trainiert nichts: Das Basismodell bekommt Ihren Prompt, mit so vielen Beispielen, wie Sie wollen. Es zeigt, was ein trainierter Adapter übertreffen muss.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Trains one small block that is added to every shard of a weight: a fast LoRA with half the parameters. Formerly Bone and DiSHA. (Kang and Yin 2024)</source>
   <translation>Trainiert einen kleinen Block, der zu jeder Scherbe eines Gewichts addiert wird: eine schnelle LoRA mit halb so vielen Parametern. Früher Bone und DiSHA. (Kang und Yin 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains only the biases, a thousandth of the model: often enough for a new style. For BART, GPT-2 and OPT; T5 and most Llamas have none. (Ben Zaken et al. 2022)</source>
   <translation>Trainiert nur die Biases, ein Tausendstel des Modells: oft genug für einen neuen Stil. Für BART, GPT-2 und OPT; T5 und die meisten Llamas haben keine. (Ben Zaken et al. 2022)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Trains scales of shared random matrices</source>
   <translation>Trainiert Skalen gemeinsamer Zufallsmatrizen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the biases only</source>
   <translation>Trainiert nur die Biases</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the factors and biases of the norms between layers: a few thousand parameters, on nearly every model. (Zhao et al. 2024)</source>
   <translation>Trainiert die Faktoren und Biases der Normen zwischen den Schichten: einige tausend Parameter, bei fast jedem Modell. (Zhao et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the norms only</source>
   <translation>Trainiert nur die Normen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Trains two thin matrices beside each frozen weight and adds their product to it. {1} Start here: it works on every model and can be merged. (Hu et al. 2022)</source>
   <translation>Trainiert zwei dünne Matrizen neben jedem eingefrorenen Gewicht und addiert ihr Produkt dazu. {1} Beginnen Sie damit: Es geht mit jedem Modell und lässt sich verschmelzen. (Hu et al. 2022)</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Transcribe it first, for example with Whisper, and choose the transcript (vtt, srt, json or txt).</source>
   <translation>Verschriften Sie sie zuerst, zum Beispiel mit Whisper, und wählen Sie die Mitschrift (vtt, srt, json oder txt).</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Transcript</source>
   <translation>Mitschrift</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>Transcript without speakers</source>
   <translation>Mitschrift ohne Sprecher</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Tried in Ollama.</source>
   <translation>In Ollama erprobt.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Tried in llama.cpp's own llama-cli.</source>
   <translation>In llama-cli von llama.cpp erprobt.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Tried in llama.cpp's own server.</source>
   <translation>Im eigenen Server von llama.cpp erprobt.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Truncated</source>
   <translation>Abgeschnitten</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Truncated summaries</source>
   <translation>Abgeschnittene Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Try `ssh {1}` by hand.</source>
   <translation>`ssh {1}` von Hand versuchen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Try again later.</source>
   <translation>Versuchen Sie es später noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Try again later; the download continues.</source>
   <translation>Versuchen Sie es später noch einmal; der Download geht weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Try again later; the upload continues.</source>
   <translation>Versuchen Sie es später noch einmal; das Senden geht weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Try again.</source>
   <translation>Versuchen Sie es noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/general_loss.py" />
   <source>Try another precision.</source>
   <translation>Versuchen Sie eine andere Genauigkeit.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>Tuned</source>
   <translation>Trainiert</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Tunesmith</source>
   <translation>Tunesmith</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>Tunesmith deletes only what is in its library.</source>
   <translation>Tunesmith löscht nur, was in seiner Bibliothek liegt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Tunesmith doesn't run models' own code.</source>
   <translation>Tunesmith führt keinen eigenen Code von Modellen aus.</translation>
  </message>
  <message>
   <location filename="../../engine/system/desktop_entry.py" />
   <source>Tunesmith is in the menu already: {1} belongs to a package.</source>
   <translation>Tunesmith ist schon im Menü: {1} gehört zu einem Paket.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>Tunesmith is offline and can't reach {1}.</source>
   <translation>Tunesmith ist offline und erreicht {1} nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>Tunesmith is offline.</source>
   <translation>Tunesmith ist offline.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Tunesmith {1}, Python {2}</source>
   <translation>Tunesmith {1}, Python {2}</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Turkish</source>
   <translation>Türkisch</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Turns</source>
   <translation>Beiträge</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Turns in JSON</source>
   <translation>Beiträge in JSON</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Turns of column "{1}" have no "{2}".</source>
   <translation>Beiträgen der Spalte „{1}“ fehlt „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Twice the parameters of the last block</source>
   <translation>Doppelt so viele Parameter wie der letzte Block allein</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Two low-rank changes, multiplied</source>
   <translation>Zwei niedrigrangige Änderungen, multipliziert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Two thin matrices beside each weight</source>
   <translation>Zwei dünne Matrizen neben jedem Gewicht</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Type more of the id; `{1} adapters` lists them.</source>
   <translation>Geben Sie mehr von der ID an; `{1} adapters` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Type the id of one.</source>
   <translation>Geben Sie die ID von einem an.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Ukrainian</source>
   <translation>Ukrainisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Uncertainty smoothing</source>
   <translation>Glättung der Unsicherheit</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Unexpected: {1}: {2}</source>
   <translation>Unerwartet: {1}: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/mails.py" />
   <source>Unknown</source>
   <translation>Unbekannt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Unknown activation {1} or placement {2}.</source>
   <translation>Unbekannte Aktivierung {1} oder Platzierung {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Unknown: the worker gave no answer.</source>
   <translation>Nicht bekannt: Der Arbeitsprozess hat nichts gemeldet.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Unpack it yourself if you trust it.</source>
   <translation>Entpacken Sie sie selbst, wenn Sie ihr trauen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Unpack it, and choose the folder.</source>
   <translation>Entpacken Sie es und wählen Sie den Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Unpack it, and import each adapter.</source>
   <translation>Entpacken Sie sie, und importieren Sie jeden Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Unpacking {1} needs {2} of memory; {3} are free.</source>
   <translation>{1} zu entpacken braucht {2} Arbeitsspeicher; {3} sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>Unquantized</source>
   <translation>Nicht quantisiert</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Unset TUNESMITH_PATCHES to switch all on.</source>
   <translation>Löschen Sie TUNESMITH_PATCHES, um alle einzuschalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Unset it or add a GPU to it, and restart Tunesmith.</source>
   <translation>Entfernen Sie sie oder nennen Sie darin eine GPU, und starten Sie Tunesmith neu.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Unset {1} to train in one process. {2}</source>
   <translation>Löschen Sie {1}, um in einem Prozess zu trainieren. {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>Unterminated string</source>
   <translation>Unterminated string</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Up to step {1}, training used the base model's original weights.</source>
   <translation>Bis Schritt {1} brauchte das Training die ursprünglichen Gewichte des Basismodells.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>Update Tunesmith.</source>
   <translation>Aktualisieren Sie Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Update the driver and restart the computer, or choose cpu.</source>
   <translation>Aktualisieren Sie den Treiber, und starten Sie den Computer neu, oder wählen Sie cpu.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Update the driver of the {1}; torch needs a newer one{2}.</source>
   <translation>Aktualisieren Sie den Treiber der {1}; torch braucht einen neueren{2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Upload from Tunesmith</source>
   <translation>Aus Tunesmith gesendet</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Upload it privately, or ask its owner.</source>
   <translation>Senden Sie privat, oder fragen Sie den Eigentümer.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Urdu</source>
   <translation>Urdu</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Use "{1}", or leave it out.</source>
   <translation>Verwenden Sie „{1}“, oder lassen Sie es weg.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Use 0 to {1} hours; 0 keeps chats whole.</source>
   <translation>Geben Sie 0 bis {1} Stunden an; 0 lässt Chats ganz.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Use a configuration without it, or FSDP.</source>
   <translation>Verwenden Sie eine Konfiguration ohne das, oder FSDP.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>Use at most {1} letters, digits, dots, hyphens and underscores.</source>
   <translation>Verwenden Sie höchstens {1} Buchstaben, Ziffern, Punkte, Binde- und Unterstriche.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Use at most {1}, or exclude such layers.</source>
   <translation>Nehmen Sie höchstens {1}, oder lassen Sie solche Schichten weg.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Use at most {1}, or lower a limit.</source>
   <translation>Nehmen Sie höchstens {1}, oder senken Sie eine Grenze.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Use at most {1}.</source>
   <translation>Verwenden Sie höchstens {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Use auto, or a code such as de.</source>
   <translation>Verwenden Sie auto oder ein Kürzel wie de.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/interim_evaluation.py" />
   <source>Use bfloat16 or float32, or lower the learning rate.</source>
   <translation>Verwenden Sie bfloat16 oder float32, oder senken Sie die Lernrate.</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>Use bfloat16.</source>
   <translation>Verwenden Sie bfloat16.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Use fewer than {1}.</source>
   <translation>Nehmen Sie weniger als {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Use fewer virtual tokens, shorten the prompt, or lower the summary limit.</source>
   <translation>Nehmen Sie weniger virtuelle Tokens, kürzen Sie den Prompt, oder senken Sie die Grenze für Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>Use it alone, or name layers: {1}.</source>
   <translation>Nehmen Sie es allein, oder nur Schichten nach Namen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>Use its prompt in a new recipe.</source>
   <translation>Verwenden Sie seinen Prompt in einem neuen Rezept.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Use its settings to continue from it.</source>
   <translation>Übernehmen Sie seine Einstellungen, um mit ihm weiterzumachen.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Use one below {1} or above {2}.</source>
   <translation>Nennen Sie einen unter {1} oder über {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Use one rotation for all blocks of a layer: fewer trainable parameters.</source>
   <translation>Eine Rotation für alle Blöcke einer Schicht verwenden: weniger trainierbare Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Use owner/name: letters, digits, -, _ and ., at most 96 characters.</source>
   <translation>Verwenden Sie Besitzer/Name: Buchstaben, Ziffern, -, _ und ., höchstens 96 Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Use the ids of the data, or remove the column if the rows are in order. {1}</source>
   <translation>Verwenden Sie die IDs der Daten, oder lassen Sie die Spalte weg, wenn die Reihenfolge stimmt. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Use the others</source>
   <translation>Die anderen verwenden</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Use them as test</source>
   <translation>Als Test verwenden</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Use them for validation</source>
   <translation>Zur Validierung verwenden</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>Use user@host, or a host from ~/.ssh/config.</source>
   <translation>Es sieht so aus: user@host, oder ist ein Host aus ~/.ssh/config.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Used for {1}, no split in the name: {2}.</source>
   <translation>Für {1} verwendet, kein Teil im Namen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Uyghur</source>
   <translation>Uigurisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Uzbek</source>
   <translation>Usbekisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Validation conversations summarised and scored at each evaluation.</source>
   <translation>Validierungsgespräche, die bei jeder Bewertung zusammengefasst und bewertet werden.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Validation limit</source>
   <translation>Validierungsgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>Value error,</source>
   <translation>Value error,</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>VeRA</source>
   <translation>VeRA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Vector length</source>
   <translation>Vektorlänge</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Vectors</source>
   <translation>Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Vectors in the shared bank. Larger models need more.</source>
   <translation>Vektoren in der gemeinsamen Bank. Größere Modelle brauchen mehr.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Vectors mixed</source>
   <translation>Gemischte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Vectors that the encoder computes before the input.</source>
   <translation>Vektoren, die der Encoder vor der Eingabe berechnet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/train.py" />
   <source>Version 1 can't keep an adapter whole.</source>
   <translation>Version 1 kann einen Adapter nicht ganz lassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/train.py" />
   <source>Version {1} of FSDP is configured; version 2 is used.</source>
   <translation>FSDP ist in Version {1} eingestellt; verwendet wird Version 2.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Viber chat</source>
   <translation>Viber-Chat</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Vietnamese</source>
   <translation>Vietnamesisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Virtual tokens</source>
   <translation>Virtuelle Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>Vote on a pair first.</source>
   <translation>Stimmen Sie zuerst über ein Paar ab.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/results.py" />
   <source>Vote on more pairs first.</source>
   <translation>Stimmen Sie zuerst über mehr Paare ab.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Wait, or stop it.</source>
   <translation>Warten Sie, oder stoppen Sie es.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Warm-up</source>
   <translation>Aufwärmen</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>WebVTT transcript</source>
   <translation>WebVTT-Mitschrift</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Webex messages</source>
   <translation>Webex-Nachrichten</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Weight decay</source>
   <translation>Gewichtsverfall</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Weight matrices that {1}. Empty: the method's default. "all-linear": every linear layer but the output head.</source>
   <translation>Gewichtsmatrizen, die {1}. Leer: die Vorgabe des Verfahrens. „all-linear“: alle linearen Schichten außer dem Ausgabekopf.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Weight of the loss that keeps each matrix orthogonal. Reported losses exclude it.</source>
   <translation>Gewicht des Verlusts, der jede Matrix orthogonal hält. Gezeigte Verluste sind ohne ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Welsh</source>
   <translation>Walisisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>What happens to the shards. plain: the trained block is added. bat: they are also multiplied by it. mini: a narrow block is repeated, with far fewer parameters.</source>
   <translation>Was mit den Scherben geschieht. Einfach: Der trainierte Block wird addiert. bat: Sie werden auch mit ihm multipliziert. mini: Ein schmaler Block wird wiederholt, mit weit weniger Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>WhatsApp export</source>
   <translation>WhatsApp-Export</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Whether lists in the summary column are the sentences of one summary or several references.</source>
   <translation>Ob Listen in der Spalte der Zusammenfassung die Sätze einer Zusammenfassung sind oder mehrere Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Whether the learning rate falls linearly, along a cosine, or not at all.</source>
   <translation>Ob die Lernrate linear fällt, als Kosinus oder gar nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of all blocks' thin matrices together.</source>
   <translation>Breite der dünnen Matrizen aller Blöcke zusammen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of each random pair. Smaller means more pairs and more trainable parameters.</source>
   <translation>Breite jedes zufälligen Paars. Kleiner heißt mehr Paare und mehr trainierbare Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Width of the adapter's hidden layer.</source>
   <translation>Breite der verborgenen Schicht des Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the encoder's hidden layers. Empty: the model's.</source>
   <translation>Breite der verborgenen Schichten des Encoders. Leer: die des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the four thin matrices. The change can reach the square of this rank.</source>
   <translation>Breite der vier dünnen Matrizen. Die Änderung kann das Quadrat dieses Rangs erreichen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the larger factor's thin matrices.</source>
   <translation>Breite der dünnen Matrizen des größeren Faktors.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the projection's hidden layer. Empty: that of a layer's keys.</source>
   <translation>Breite der verborgenen Schicht der Projektion. Leer: die der Schlüssel einer Schicht.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of the shared random matrices. Use more than for LoRA.</source>
   <translation>Breite der gemeinsamen zufälligen Matrizen. Nehmen Sie mehr als bei LoRA.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of the thin matrices.</source>
   <translation>Breite der dünnen Matrizen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the two thin matrices. A higher rank learns more, with more parameters.</source>
   <translation>Breite der zwei dünnen Matrizen. Ein höherer Rang lernt mehr, mit mehr Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1250 (Central European)</source>
   <translation>Windows-1250 (mitteleuropäisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1251 (Cyrillic)</source>
   <translation>Windows-1251 (kyrillisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1252 (Western European)</source>
   <translation>Windows-1252 (westeuropäisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1253 (Greek)</source>
   <translation>Windows-1253 (griechisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1254 (Turkish)</source>
   <translation>Windows-1254 (türkisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1255 (Hebrew)</source>
   <translation>Windows-1255 (hebräisch)</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>Windows-1256 (Arabic)</source>
   <translation>Windows-1256 (arabisch)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>With projection</source>
   <translation>Mit Projektion</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>With several beams, values above 1 favour longer summaries.</source>
   <translation>Bei mehreren Beams bevorzugen Werte über 1 längere Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>With {1} a run learns little.</source>
   <translation>Zu kurz, um viel zu lernen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>With {1},</source>
   <translation>Mit {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Words are read as {1}</source>
   <translation>Wörter gelesen als: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Words in a summary.</source>
   <translation>Wörter einer Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Words in both summary and reference.</source>
   <translation>Wörter, die in Zusammenfassung und Referenz vorkommen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Worse</source>
   <translation>Schlechter</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Worse than the adapter, not recommended</source>
   <translation>Schlechter als der Adapter, nicht empfohlen</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Worse than the base model</source>
   <translation>Schlechter als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Worse than the plain prompt</source>
   <translation>Schlechter als der einfache Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Write [{1}] above its keys.</source>
   <translation>Schreiben Sie [{1}] über seine Schlüssel.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/soft_prompts.py" />
   <source>Write another text.</source>
   <translation>Schreiben Sie einen anderen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>Write it with version=2, or as parquet.</source>
   <translation>Schreiben Sie sie mit version=2 oder als parquet.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Write one, or skip.</source>
   <translation>Schreiben Sie eine, oder überspringen Sie.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Write one.</source>
   <translation>Geben Sie einen ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Write with Tunesmith's own engine.</source>
   <translation>Lassen Sie Tunesmith selbst schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Writes the change as a sum of waves and trains their amplitudes at a few random frequencies. For very small adapters. (Gao et al. 2024)</source>
   <translation>Schreibt die Änderung als Summe von Wellen und trainiert deren Amplituden bei einigen zufälligen Frequenzen. Für sehr kleine Adapter. (Gao et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Writes the change as the Kronecker product of a small matrix and a low-rank one: full rank with far fewer parameters than LoRA. (Yeh et al. 2024)</source>
   <translation>Schreibt die Änderung als Kronecker-Produkt einer kleinen und einer niedrigrangigen Matrix: voller Rang mit weit weniger Parametern als LoRA. (Yeh et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Xhosa</source>
   <translation>Xhosa</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Yardsticks</source>
   <translation>Maßstäbe</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Yoruba</source>
   <translation>Yoruba</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>You can resume the run at any time.</source>
   <translation>Sie können den Lauf jederzeit fortsetzen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may not share what you make from it.</source>
   <translation>Was Sie daraus machen, dürfen Sie nicht weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it for non-commercial use, under the same licence and with attribution.</source>
   <translation>Was Sie daraus machen, dürfen Sie für nicht kommerzielle Zwecke weitergeben, unter derselben Lizenz und mit Nennung der Urheber.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it for non-commercial use, with attribution.</source>
   <translation>Was Sie daraus machen, dürfen Sie für nicht kommerzielle Zwecke und mit Nennung der Urheber weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it freely.</source>
   <translation>Was Sie daraus machen, dürfen Sie frei weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it if you name the licence and the authors.</source>
   <translation>Was Sie daraus machen, dürfen Sie weitergeben, wenn Sie Lizenz und Urheber nennen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it only under those terms, which also bind whoever uses them.</source>
   <translation>Was Sie daraus machen, dürfen Sie nur unter diesen Bedingungen weitergeben, die auch für alle gelten, die es verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you make from it under the same licence, with attribution.</source>
   <translation>Was Sie daraus machen, dürfen Sie unter derselben Lizenz und mit Nennung der Urheber weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Your disk quota is used up.</source>
   <translation>Ihr Plattenkontingent ist aufgebraucht.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Zulu</source>
   <translation>Zulu</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>[ date time ] Name: text</source>
   <translation>[ Datum Zeit ] Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>[Name] [time] text</source>
   <translation>[Name] [Zeit] Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>[Name] text</source>
   <translation>[Name] Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/copied_messages.py" />
   <source>[date time] Name</source>
   <translation>[Datum Zeit] Name</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>[date time] Name: text</source>
   <translation>[Datum Zeit] Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>[date, time] Name: text</source>
   <translation>[Datum, Zeit] Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>`ray stop` stops other nodes.</source>
   <translation>`ray stop` beendet andere Knoten.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>`{1} adapters` lists them.</source>
   <translation>`{1} adapters` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>`{1} arena list` lists them.</source>
   <translation>`{1} arena list` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>`{1} arena show` lists them.</source>
   <translation>`{1} arena show` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>`{1} computers` lists them; `{2} computers add` adds one.</source>
   <translation>`{1} computers` listet sie auf, `{2} computers add` fügt einen hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>`{1} methods` lists them.</source>
   <translation>`{1} methods` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>`{1} node stop` stops it.</source>
   <translation>`{1} node stop` beendet ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>`{1} runs` lists them.</source>
   <translation>`{1} runs` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>`{1} trash` lists them.</source>
   <translation>`{1} trash` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a PDF</source>
   <translation>eine PDF-Datei</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>a bank account number (IBAN)</source>
   <translation>eine Kontonummer (IBAN)</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a cached result</source>
   <translation>ein zwischengespeichertes Ergebnis</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>a card number</source>
   <translation>eine Kartennummer</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>a chat without a name</source>
   <translation>ein Chat ohne Namen</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a checkpoint's state</source>
   <translation>der Zustand eines Prüfpunkts</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a comparison</source>
   <translation>ein Vergleich</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>a conversation without a title</source>
   <translation>ein Gespräch ohne Titel</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a database</source>
   <translation>eine Datenbank</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>a document</source>
   <translation>ein Dokument</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>a file in another format</source>
   <translation>eine Datei in anderer Form</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>a finding</source>
   <translation>kein Befund</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a gz archive</source>
   <translation>ein gz-Archiv</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a job's file</source>
   <translation>die Datei eines Auftrags</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a key has more than {1} parts</source>
   <translation>ein Schlüssel hat mehr als {1} Teile</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>a kind of personal data</source>
   <translation>keine Art persönlicher Daten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a list</source>
   <translation>eine Liste</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>a list in its header has unknown type {1}</source>
   <translation>eine Liste in ihrem Kopf hat die unbekannte Art {1}</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>a list in its header has {1} entries</source>
   <translation>eine Liste in ihrem Kopf hat {1} Einträge</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a log</source>
   <translation>ein Protokoll</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/bootstrap.py" />
   <source>a mean needs at least one value</source>
   <translation>ein Mittelwert braucht mindestens einen Wert</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a model card</source>
   <translation>eine Modellkarte</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a model's configuration</source>
   <translation>die Konfiguration eines Modells</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a name</source>
   <translation>ein Name</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a number</source>
   <translation>eine Zahl</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a number in it is too long</source>
   <translation>eine Zahl darin ist zu lang</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a parquet file</source>
   <translation>eine parquet-Datei</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>a pause of {1} h starts a new conversation</source>
   <translation>eine Pause von {1} h beginnt ein neues Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>a phone number</source>
   <translation>eine Telefonnummer</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a picture</source>
   <translation>ein Bild</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a prompt template</source>
   <translation>eine Prompt-Vorlage</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>a quotation mark in a quoted cell isn't doubled</source>
   <translation>ein Anführungszeichen in einer Zelle mit Anführungszeichen ist nicht verdoppelt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>a quoted cell is never closed</source>
   <translation>eine Zelle mit Anführungszeichen wird nie geschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a recipe</source>
   <translation>ein Rezept</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>a recording</source>
   <translation>eine Aufnahme</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a set of conversations</source>
   <translation>eine Sammlung von Gesprächen</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>a setting in its header has unknown type {1}</source>
   <translation>eine Angabe in ihrem Kopf hat die unbekannte Art {1}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/html_exports.py" />
   <source>a tag is never closed</source>
   <translation>ein Element wird nie geschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>a text in its header is not UTF-8</source>
   <translation>ein Text in ihrem Kopf ist kein UTF-8</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>a tokenizer</source>
   <translation>ein Tokenizer</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>a zip archive or a workbook</source>
   <translation>ein ZIP-Archiv oder eine Arbeitsmappe</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>a {1} device</source>
   <translation>ein Gerät der Art {1}</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>about {1} of memory</source>
   <translation>etwa {1} Speicher</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>about {1} of memory per GPU</source>
   <translation>rund {1} Speicher je GPU</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>about {1} of memory per process</source>
   <translation>etwa {1} Speicher je Prozess</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>about {1} on disk</source>
   <translation>etwa {1} auf Platte</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>after "{1}"</source>
   <translation>hinter „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>after attention</source>
   <translation>nach Attention</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>after feed-forward</source>
   <translation>nach Feed-Forward</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an Outlook mail</source>
   <translation>eine Mail von Outlook</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an Outlook mailbox</source>
   <translation>ein Postfach von Outlook</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>an adapter's configuration</source>
   <translation>die Konfiguration eines Adapters</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>an adapter's file of weights</source>
   <translation>eine Gewichtsdatei eines Adapters</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>an adapter's metadata</source>
   <translation>die Metadaten eines Adapters</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an annotated transcript</source>
   <translation>ein annotiertes Transkript</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>an arena</source>
   <translation>eine Arena</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>an arrow file</source>
   <translation>eine arrow-Datei</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>an e-mail address</source>
   <translation>eine E-Mail-Adresse</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an encrypted backup</source>
   <translation>eine verschlüsselte Sicherung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an fp4 base</source>
   <translation>einem fp4-Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>an index of weights</source>
   <translation>ein Verzeichnis von Gewichten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an int8 base</source>
   <translation>einem int8-Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>an invalid character: half of one, {1}</source>
   <translation>was kein Zeichen ist: ein halbes, {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>an invalid character: {1}, {2}</source>
   <translation>was kein Zeichen ist: {1}, {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an nf4 base</source>
   <translation>einem nf4-Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>an object</source>
   <translation>ein Objekt</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>an old Office document</source>
   <translation>ein Dokument eines alten Office</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an old Word document</source>
   <translation>ein Dokument eines alten Word</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>an undetermined language</source>
   <translation>unbestimmte Sprache</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an unquantized base</source>
   <translation>einem unquantisierten Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>an unsupported archive</source>
   <translation>ein Archiv anderer Art</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>and {1} before them</source>
   <translation>und davor {1}</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another conversation limit</source>
   <translation>anderer Gesprächsgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another number of examples in the prompt</source>
   <translation>anderer Zahl von Beispielen im Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another number of references</source>
   <translation>anderer Zahl von Referenzen</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another prompt</source>
   <translation>anderem Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>another recipe</source>
   <translation>ein anderes Rezept</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another split</source>
   <translation>anderem Teil</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another summary limit</source>
   <translation>anderer Zusammenfassungsgrenze</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>another version of ROUGE</source>
   <translation>anderer Version von ROUGE</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>are changed</source>
   <translation>geändert werden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are changed at random entries</source>
   <translation>an zufälligen Einträgen geändert werden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are reflected</source>
   <translation>gespiegelt werden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are rotated</source>
   <translation>rotiert werden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are rotated and scaled</source>
   <translation>rotiert und skaliert werden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>as it is</source>
   <translation>unverändert</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>as named</source>
   <translation>wie angegeben</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>at its beginning</source>
   <translation>an seinem Anfang</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>author, content and create_time</source>
   <translation>author, content und create_time</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>author, content and timestamp</source>
   <translation>author, content und timestamp</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>bank</source>
   <translation>Bank</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>bart, distilbart</source>
   <translation>bart, distilbart</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>base</source>
   <translation>Basis</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>base model</source>
   <translation>Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>base summary</source>
   <translation>Zusammenfassung des Basismodells</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>base {1}</source>
   <translation>base {1}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>before input</source>
   <translation>vor der Eingabe</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>bfloat16 is not faster here</source>
   <translation>bfloat16 ist hier nicht schneller</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>bitsandbytes doesn't work: {1}</source>
   <translation>bitsandbytes geht nicht: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>bitsandbytes works on {1}</source>
   <translation>bitsandbytes geht auf {1}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>block {1}</source>
   <translation>Block {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>breaks off</source>
   <translation>bricht ab</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>by its name</source>
   <translation>nach ihrem Namen</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>by its name and content</source>
   <translation>nach ihrem Namen und Inhalt</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>by its name, rather than {1}</source>
   <translation>nach ihrem Namen, nicht {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>by the column's name</source>
   <translation>nach dem Namen der Spalte</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>bytes</source>
   <translation>bytes</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>can't allocate memory</source>
   <translation>can't allocate memory</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>can't be resolved</source>
   <translation>ist in diesem Netz kein bekannter Name</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>can't run</source>
   <translation>nicht möglich</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>changes must be a list of tables.</source>
   <translation>changes muss eine Liste von Tabellen sein.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>checkpoint at step {1}</source>
   <translation>Prüfpunkt bei Schritt {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>chosen in the recipe</source>
   <translation>im Rezept gewählt</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>class names</source>
   <translation>Namen von Klassen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>column "{1}" contains bytes that are not UTF-8</source>
   <translation>Spalte „{1}“ enthält Bytes, die kein UTF-8 sind</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>column "{1}" contains no turns.</source>
   <translation>Spalte „{1}“ enthält keine Beiträge.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>column "{1}" contains tables, not text.</source>
   <translation>Spalte „{1}“ enthält Tabellen, keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>column "{1}" contains {2}</source>
   <translation>Spalte „{1}“ enthält {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>column "{1}" contains {2}, not text.</source>
   <translation>Spalte „{1}“ enthält {2}, keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>column "{1}" has other rows than the first</source>
   <translation>Spalte „{1}“ hat andere Zeilen als die erste</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>column "{1}" has {2} characters; the limit is {3}</source>
   <translation>Spalte „{1}“ hat {2} Zeichen; die Grenze ist {3}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>column {1}</source>
   <translation>Spalte {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>columns {1}</source>
   <translation>Spalten {1}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>completed</source>
   <translation>abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>contacts or a calendar</source>
   <translation>Kontakte oder ein Kalender</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>contains "{1}" twice</source>
   <translation>enthält „{1}“ zweimal</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>contains "{1}", a link</source>
   <translation>enthält „{1}“, eine Verknüpfung</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>contains "{1}", a path outside its folder</source>
   <translation>enthält „{1}“, einen Pfad aus seinem Ordner hinaus</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>contains "{1}", which has a password</source>
   <translation>enthält „{1}“ mit einem Passwort</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains another archive, "{1}"</source>
   <translation>enthält ein weiteres Archiv, „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains {1} files; the limit is {2}</source>
   <translation>enthält {1} Dateien, höchstens {2} werden entpackt</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>conversation: column "{1}"</source>
   <translation>Gespräch: Spalte „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>conversation: column "{1}", {2}</source>
   <translation>Gespräch: Spalte „{1}“, {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>conversation: the rows with the same "{1}"</source>
   <translation>Gespräch: die Zeilen mit demselben „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>conversations</source>
   <translation>Gespräche</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>copies of the weights are trained in float32, unlike the base model</source>
   <translation>Kopien der Gewichte werden in float32 trainiert, anders als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>crashed</source>
   <translation>abgestürzt</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>creator, created_date and text</source>
   <translation>creator, created_date und text</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>cut at the end</source>
   <translation>am Ende gekürzt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>data set</source>
   <translation>Datensatz</translation>
  </message>
  <message>
   <location filename="../../engine/worker/validation/check_report.py" />
   <source>data.exclude skips them.</source>
   <translation>data.exclude lässt sie aus.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>data.mask = ["{1}"] replaces it by {2}.</source>
   <translation>data.mask = ["{1}"] ersetzt es durch {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>date time from Name</source>
   <translation>Datum Zeit von Name</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>date time, Name : text</source>
   <translation>Datum Zeit, Name : Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>date time, Name, text</source>
   <translation>Datum Zeit, Name, Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>date, time - Name: text</source>
   <translation>Datum, Zeit - Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>dates or times</source>
   <translation>Daten oder Uhrzeiten</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>deleted message</source>
   <translation>gelöschte Nachricht</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>didn't answer within {1} seconds</source>
   <translation>antwortet nicht innerhalb von {1} Sekunden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>draw from the bank</source>
   <translation>aus der Bank schöpfen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>each chat is one conversation</source>
   <translation>jeder Chat ist ein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>each has several sentences</source>
   <translation>jede hat mehrere Sätze</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>each is a turn with "{1}"</source>
   <translation>jede ist ein Beitrag mit „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>each is a turn with "{1}" and speaker "{2}"</source>
   <translation>jede ist ein Beitrag mit „{1}“ und Sprecher „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>each says something else</source>
   <translation>jede sagt etwas anderes</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/mail_files.py" />
   <source>each thread is one conversation</source>
   <translation>jeder Mailwechsel ist ein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>each turn is a line "Name: text"</source>
   <translation>jeder Beitrag ist eine Zeile „Name: Text“</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/items.py" />
   <source>edited draft</source>
   <translation>bearbeiteter Entwurf</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>evaluations</source>
   <translation>Bewertungen</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>every row has the same number</source>
   <translation>jede Zeile hat gleich viele</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>examples</source>
   <translation>Beispiele</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>expected after</source>
   <translation>expected after</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>expecting ',' delimiter</source>
   <translation>es fehlt ein Komma</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>expecting ':' delimiter</source>
   <translation>es fehlt ein Doppelpunkt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>expecting property name enclosed in double quotes</source>
   <translation>es fehlt ein Name in Anführungszeichen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>expecting value</source>
   <translation>es fehlt ein Wert</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>extra data</source>
   <translation>dahinter folgt noch etwas</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>failed</source>
   <translation>fehlgeschlagen</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>file names</source>
   <translation>Dateinamen</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>from --&gt; to</source>
   <translation>von --&gt; bis</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>from a file</source>
   <translation>aus einer Datei</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>from ray.scripts import scripts; scripts.get_ray_client_dependency_error = lambda: 'off'; scripts.main()</source>
   <translation>from ray.scripts import scripts; scripts.get_ray_client_dependency_error = lambda: 'off'; scripts.main()</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>from, date and text</source>
   <translation>from, date und text</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/losses.py" />
   <source>general text</source>
   <translation>allgemeiner Text</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>get a bounded change</source>
   <translation>eine begrenzte Änderung bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>get a sum of scaled random pairs</source>
   <translation>eine Summe skalierter zufälliger Paare bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>get a trained block</source>
   <translation>einen trainierten Block bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>get a trained pair</source>
   <translation>ein trainiertes Paar bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>get a trained scale</source>
   <translation>eine trainierte Skala bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>get an adapter after them</source>
   <translation>einen Adapter nach sich bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>get trained circulant blocks</source>
   <translation>trainierte zirkulante Blöcke bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>get trained pairs for each block</source>
   <translation>trainierte Paare für jeden Block bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>get trained scales</source>
   <translation>trainierte Skalen bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>get trained waves</source>
   <translation>trainierte Wellen bekommen</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>gpt2, distilgpt2</source>
   <translation>gpt2, distilgpt2</translation>
  </message>
  <message>
   <location filename="../../engine/text/unicode_checks.py" />
   <source>half a character</source>
   <translation>halbes Zeichen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>has "{1}" where "{2}" is expected</source>
   <translation>hat „{1}“, wo „{2}“ stehen sollte</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>has a trained pair</source>
   <translation>hat ein trainiertes Paar</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>iMessage chat</source>
   <translation>iMessage-Chat</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>id and start_from must be text.</source>
   <translation>id und start_from müssen Text sein.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>if empty, "{1}"</source>
   <translation>wo sie leer ist, das, was in „{1}“ steht</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>if empty, "{1}" without its shared beginning: "{2}"</source>
   <translation>wo sie leer ist, „{1}“ ohne den gemeinsamen Anfang: „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>illegal trailing comma before end of array</source>
   <translation>ein Komma steht vor dem Ende der Liste</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>illegal trailing comma before end of object</source>
   <translation>ein Komma steht vor dem Ende des Objekts</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>in its first line {1}</source>
   <translation>in der ersten Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>in parts</source>
   <translation>in Teilen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>invalid control character</source>
   <translation>ungültiges Steuerzeichen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>invalid escape</source>
   <translation>ungültiges Sonderzeichen hinter einem Rückstrich</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>is not accepted</source>
   <translation>wird nicht angenommen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>is not known</source>
   <translation>ist nicht bekannt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>it adds {1} tokens; the limit is {2}</source>
   <translation>er fügt {1} Tokens hinzu, gelesen werden höchstens {2}</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it aligns its tensors to {1} bytes</source>
   <translation>sie richtet ihre Tensoren an {1} Bytes aus</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>it contains bytes that are not text, from line {1}</source>
   <translation>sie enthält Bytes, die kein Text sind, ab Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it contains no tensors</source>
   <translation>sie enthält keine Tensoren</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>it contains turns of speakers</source>
   <translation>denn darin stehen Beiträge von Sprechern</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it continued another adapter</source>
   <translation>er setzte einen anderen Adapter fort</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>it continues after the column "{1}": "{2}"</source>
   <translation>sie geht hinter der Spalte „{1}“ weiter: „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it continues after the column "{1}": {2} cells for {3} columns</source>
   <translation>sie geht hinter der Spalte „{1}“ weiter: {2} Zellen für {3} Spalten</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>it declares {1} layers and has {2} tensors</source>
   <translation>sie kündigt {1} Schichten an und enthält {2} Tensoren</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it declares {1} tensors and {2} settings</source>
   <translation>sie kündigt {1} Tensoren und {2} Angaben an</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it defines its own XML entities</source>
   <translation>sie legt eigene Namen für Texte fest (XML-Entitäten)</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>it doesn't fit into memory</source>
   <translation>der Arbeitsspeicher reicht nicht</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it doesn't start like a GGUF file</source>
   <translation>sie beginnt nicht wie eine GGUF-Datei</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/mail_files.py" />
   <source>it doesn't start with a mail header</source>
   <translation>sie beginnt nicht mit dem Kopf einer Mail</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/llama_server.py" />
   <source>it ended</source>
   <translation>Es wurde beendet</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it ends before the column "{1}"</source>
   <translation>sie endet vor der Spalte „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it ends early: it has {1} of {2} bytes</source>
   <translation>sie endet zu früh: {1} von {2} Bytes sind da</translation>
  </message>
  <message>
   <location filename="../../engine/chats/html_exports.py" />
   <source>it ends inside a tag</source>
   <translation>sie bricht in einem Element ab</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it ends inside its header</source>
   <translation>sie endet mitten in ihrem Kopf</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/device_report.py" />
   <source>it gives wrong numbers</source>
   <translation>es liefert falsche Zahlen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it has fewer lines than {1}: {2}</source>
   <translation>es hat weniger Zeilen als {1}: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>it has more than {1} characters without a pause</source>
   <translation>es hat mehr als {1} Zeichen ohne Pause</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it has more than {1} pages</source>
   <translation>es hat mehr als {1} Seiten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>it has several columns named "{1}"</source>
   <translation>sie hat mehrere Spalten „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it has version {1} of the format</source>
   <translation>sie ist von Version {1} des Formats</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it has {1} cells for {2} columns</source>
   <translation>sie hat {1} Zellen für {2} Spalten</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it is a link</source>
   <translation>sie ist eine Verknüpfung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it is a table of conversations and summaries</source>
   <translation>es ist eine Tabelle von Gesprächen und Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>it is longer than its tensors</source>
   <translation>sie ist länger als ihre Tensoren</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it is nested too deeply</source>
   <translation>zu tief verschachtelt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it is not JSON: {1}</source>
   <translation>es ist kein JSON: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it is not JSON: {1} at character {2}</source>
   <translation>es ist kein JSON: {1} bei Zeichen {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it is not a complete PDF ({1})</source>
   <translation>es ist kein vollständiges PDF ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it is not a complete Word document</source>
   <translation>es ist kein vollständiges Word-Dokument</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it is not a complete Word document ({1})</source>
   <translation>es ist kein vollständiges Word-Dokument ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/chats/html_exports.py" />
   <source>it is not a complete page</source>
   <translation>es ist keine vollständige Seite</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it is not a file</source>
   <translation>es ist keine Datei</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>it is not the state of a run: {1}</source>
   <translation>was darin steht, ist kein Zustand eines Laufs: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>it is of the type {1}</source>
   <translation>sie ist vom Typ {1}</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>it is one of {1} parts</source>
   <translation>sie ist einer von {1} Teilen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it is only a prompt</source>
   <translation>er ist nur ein Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>it is over {1} MB</source>
   <translation>sie hat mehr als {1} MB</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it is over {1} MB, the limit for {2}</source>
   <translation>sie ist größer als {1} MB, die Grenze für {2}</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>it is really {1}</source>
   <translation>sie ist in Wirklichkeit {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it is the rest of the broken row before it</source>
   <translation>es ist der Rest der fehlerhaften Zeile davor</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>it is too large for a tokenizer</source>
   <translation>sie ist größer, als ein Tokenizer sein darf</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>it is truncated</source>
   <translation>sie ist abgeschnitten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it is {1} instead of an object</source>
   <translation>es ist {1}, kein Objekt mit Namen</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>it lacks the attention scale for {1} values per head</source>
   <translation>ihr fehlt die Skala der Attention für {1} Werte je Kopf</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>it starts like {1} but is damaged</source>
   <translation>was als {1} beginnt, ist beschädigt</translation>
  </message>
  <message>
   <location filename="../../engine/system/sandbox.py" />
   <source>it takes more than {1} MB of memory</source>
   <translation>es braucht mehr als {1} MB Arbeitsspeicher</translation>
  </message>
  <message>
   <location filename="../../engine/system/sandbox.py" />
   <source>it takes more than {1} s of CPU time</source>
   <translation>es braucht mehr als {1} s CPU-Zeit</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>it turns {1} characters into {2} tokens</source>
   <translation>er macht aus {1} Zeichen {2} Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it was hardly written at all</source>
   <translation>kaum etwas davon wurde je geschrieben</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>it was not written completely</source>
   <translation>sie wurde nicht vollständig geschrieben</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it was trained in float16</source>
   <translation>er wurde in float16 trainiert</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>it was trained on an int8 base, whose rounding no plain model has</source>
   <translation>er wurde auf einem int8-Basismodell trainiert, dessen Rundung kein einfaches Modell hat</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>its architecture is {1}; supported: {2}</source>
   <translation>ihre Architektur ist {1}; unterstützt: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>its column names have {1} bytes; the limit is {2}</source>
   <translation>ihre Spaltennamen haben {1} Bytes; die Grenze ist {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>its contents are damaged</source>
   <translation>der Inhalt ergibt keinen Sinn</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>its contents are damaged ({1})</source>
   <translation>als Datenbank ergibt es keinen Sinn ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>its conversation</source>
   <translation>sein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>its fields are missing or wrong</source>
   <translation>seine Felder fehlen oder sind falsch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>its files were changed</source>
   <translation>seine Dateien sind nicht die, die geschrieben wurden</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its header is over {1} MB</source>
   <translation>ihr Kopf hat mehr als {1} MB</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>its lists are several references, {1}</source>
   <translation>deren Listen enthalten mehrere Referenzen, {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>its lists are the sentences of one summary, {1}</source>
   <translation>deren Listen enthalten die Sätze einer Zusammenfassung, {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>its lists are the words of one summary</source>
   <translation>deren Listen sind die Wörter einer Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>its lists are turns</source>
   <translation>deren Listen sind Beiträge als Texte</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>its lists are turns with "{1}"</source>
   <translation>deren Listen sind Beiträge mit „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>its lists are turns with "{1}" and speaker "{2}"</source>
   <translation>deren Listen sind Beiträge mit „{1}“ und Sprecher „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>its lists are turns, with speakers in "{1}"</source>
   <translation>deren Listen sind Beiträge, mit Sprechern in „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>its one row</source>
   <translation>ihre einzige Zeile</translation>
  </message>
  <message>
   <location filename="../../engine/system/files.py" />
   <source>its path is longer than Windows allows</source>
   <translation>sein Pfad ist länger, als Windows erlaubt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>its pattern {1} may never finish</source>
   <translation>sein Muster {1} könnte endlos dauern</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>its position scaling is unknown</source>
   <translation>ihre Skalierung der Positionen ist nicht bekannt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>its position scaling is unknown ({1})</source>
   <translation>ihre Skalierung der Positionen ist nicht bekannt ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>its recipe can't be read</source>
   <translation>sein Rezept lässt sich nicht lesen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_check.py" />
   <source>its rules may make text {1} times longer</source>
   <translation>seine Regeln können Text {1}-mal so lang machen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>its settings changed during training</source>
   <translation>seine Einstellungen änderten sich im Training</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} has an impossible shape</source>
   <translation>ihr Tensor {1} hat eine unmögliche Form</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} has unknown number format {2}</source>
   <translation>ihr Tensor {1} hat das unbekannte Zahlenformat {2}</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} has {2} dimensions</source>
   <translation>ihr Tensor {1} hat {2} Dimensionen</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} overlaps another</source>
   <translation>ihr Tensor {1} liegt innerhalb eines anderen</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>its texts are the longer ones</source>
   <translation>denn ihre Texte sind die längeren</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>its training is unknown</source>
   <translation>sein Training ist nicht bekannt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>its values are nested too deeply</source>
   <translation>ihre Werte sind zu tief verschachtelt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>its {1} can't be read: {2}</source>
   <translation>seine {1} ist nicht lesbar: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>keys and values</source>
   <translation>Schlüssel und Werte</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>last {1}</source>
   <translation>letzte {1}</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>later ones start in lower case</source>
   <translation>spätere gehen in Kleinbuchstaben weiter</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>layer</source>
   <translation>Schicht</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>leave out</source>
   <translation>auslassen</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>line {1}</source>
   <translation>Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>line {1} has more than {2} characters</source>
   <translation>Zeile {1} hat mehr als {2} Zeichen</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>line {1} is not a conversation</source>
   <translation>Zeile {1} ist kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>lines {1} to {2}</source>
   <translation>Zeilen {1} bis {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>lists "{1}" and "{2}" have different lengths, {3} and {4}.</source>
   <translation>Listen „{1}“ und „{2}“ sind verschieden lang, {3} und {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter can't be downloaded.</source>
   <translation>Der Konverter von llama.cpp lässt sich nicht holen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter failed: {1}</source>
   <translation>Der Konverter von llama.cpp ist gescheitert: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter is missing.</source>
   <translation>Der Konverter von llama.cpp fehlt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter needs pip.</source>
   <translation>Der Konverter von llama.cpp braucht pip.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter wrote no file.</source>
   <translation>Der Konverter von llama.cpp hat keine Datei geschrieben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>method state:</source>
   <translation>method state:</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>method.id is missing.</source>
   <translation>method.id fehlt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>minutes</source>
   <translation>Minuten</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>mixtures of experts can't be read from GGUF files</source>
   <translation>Mixture-of-Experts-Modelle lassen sich nicht aus GGUF-Dateien lesen</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>more references: {1}</source>
   <translation>weitere Referenzen: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>no GPU</source>
   <translation>keine GPU</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>no column looks like summaries</source>
   <translation>keine Spalte sieht nach der Zusammenfassung aus</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>no examples</source>
   <translation>keine Beispiele</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>no limit</source>
   <translation>unbegrenzt</translation>
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>no line names a speaker</source>
   <translation>keine Zeile nennt einen Sprecher</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>no measurable difference</source>
   <translation>kein messbarer Unterschied</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>no port is free on {1}</source>
   <translation>auf {1} ist kein Port frei</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>norm</source>
   <translation>Norm</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>not enough memory</source>
   <translation>not enough memory</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>not named</source>
   <translation>nicht genannt</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe_diff.py" />
   <source>not set</source>
   <translation>nicht gesetzt</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>not timed</source>
   <translation>nicht gemessen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>not tried</source>
   <translation>nicht erprobt</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/nvidia_smi.py" />
   <source>nvidia-smi can't be started: {1}.</source>
   <translation>nvidia-smi lässt sich nicht starten: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/nvidia_smi.py" />
   <source>nvidia-smi did not answer within {1} seconds.</source>
   <translation>nvidia-smi hat nicht innerhalb von {1} Sekunden geantwortet.</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/nvidia_smi.py" />
   <source>nvidia-smi doesn't answer.</source>
   <translation>nvidia-smi antwortet nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>of the arena</source>
   <translation>der Arena</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>of the data</source>
   <translation>der Daten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>of the {1} split</source>
   <translation>des Teils {1}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>on another computer</source>
   <translation>auf einem anderen Computer</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>one conversation</source>
   <translation>ein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>one conversation, so no interval</source>
   <translation>ein Gespräch, also kein Intervall</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>other conversations</source>
   <translation>anderen Gesprächen</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_comparison.py" />
   <source>other decoding</source>
   <translation>anderer Dekodierung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>out of memory</source>
   <translation>out of memory</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>personEmail, created and text</source>
   <translation>personEmail, created und text</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>plain prompt</source>
   <translation>einfacher Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/text/unicode_checks.py" />
   <source>private use</source>
   <translation>privat</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>prompt</source>
   <translation>Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>python3 packaging/dev.py setup</source>
   <translation>python3 packaging/dev.py setup</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>rank 0 (on {1})</source>
   <translation>Rank 0 (auf {1})</translation>
  </message>
  <message>
   <location filename="../../engine/text/transcripts.py" />
   <source>reference summary</source>
   <translation>Referenzzusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>refuses the connection ({1})</source>
   <translation>verweigert die Verbindung ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>rotary positions on {1} of {2} values per head are not supported</source>
   <translation>rotierte Positionen auf {1} von {2} Werten je Kopf werden nicht unterstützt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>row {1}</source>
   <translation>Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>rows {1}</source>
   <translation>Zeilen {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>rows {1} and {2}</source>
   <translation>Zeilen {1} und {2}</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>running</source>
   <translation>läuft</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>seed {1}</source>
   <translation>Startwert {1}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>seed {1} {2}</source>
   <translation>Startwert {1} {2}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/seed_intervals.py" />
   <source>seeds with different numbers of conversations can't be combined</source>
   <translation>Startwerte mit verschieden vielen Gesprächen lassen sich nicht zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>selection is {1}, must be one of {2}.</source>
   <translation>selection ist {1}, es muss eines von {2} sein.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>sender, content and origin_server_ts</source>
   <translation>sender, content und origin_server_ts</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>sender, date and body</source>
   <translation>sender, date und body</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>sender, text and created_at</source>
   <translation>sender, text und created_at</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>sender, time and body</source>
   <translation>sender, time und body</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>sender_name, timestamp_ms and content</source>
   <translation>sender_name, timestamp_ms und content</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>share the ranks</source>
   <translation>sich die Ränge teilen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>signal {1}</source>
   <translation>Signal {1}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>size {1}</source>
   <translation>Größe {1}</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>slightly different</source>
   <translation>leicht anders</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>some rows have more of them</source>
   <translation>in manchen Zeilen stehen mehr</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>something else</source>
   <translation>etwas anderes</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>sounds such as [laughs] are left out</source>
   <translation>Geräusche wie [lacht] sind weggelassen</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/speech.py" />
   <source>speaker, text and start</source>
   <translation>speaker, text und start</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/speech.py" />
   <source>speaker_name, sentence and startTime</source>
   <translation>speaker_name, sentence und startTime</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>splits: column "{1}", {2}</source>
   <translation>Teile: Spalte „{1}“, {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>splits: {1}, by their names</source>
   <translation>Teile: {1}, nach ihren Namen</translation>
  </message>
  <message>
   <location filename="../../engine/computers/computer.py" />
   <source>ssh can't connect to "{1}".</source>
   <translation>Mit „{1}“ kann sich ssh nicht verbinden.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>ssh can't open a tunnel to {1}: {2}</source>
   <translation>ssh kann keinen Tunnel zu {1} öffnen: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>ssh is not installed on this computer.</source>
   <translation>Auf diesem Computer gibt es kein ssh.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>start the node with `{1} node start` or `{2} node join`</source>
   <translation>starten Sie den Knoten mit `{1} node start` oder `{2} node join`</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>steps</source>
   <translation>Schritte</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>stopped</source>
   <translation>gestoppt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>summaries of the base model</source>
   <translation>Zusammenfassungen des Basismodells</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>summaries of the tuned model</source>
   <translation>Zusammenfassungen des trainierten Modells</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>summaries written with this prompt</source>
   <translation>mit diesem Prompt geschriebenen Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>summarize: {conversation}</source>
   <translation>summarize: {conversation}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>summary: column "{1}", {2}</source>
   <translation>Zusammenfassung: Spalte „{1}“, {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>summary: the last turn, a shorter answer to one text</source>
   <translation>Zusammenfassung: der letzte Beitrag, eine kürzere Antwort auf einen Text</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>summary: the last turn, as named</source>
   <translation>Zusammenfassung: der letzte Beitrag, wie angegeben</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>t5-small, t5-base</source>
   <translation>t5-small, t5-base</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>test</source>
   <translation>Test</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>text</source>
   <translation>Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/speech.py" />
   <source>text and start</source>
   <translation>text und start</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>texts of {1} words</source>
   <translation>Texte von {1} Wörtern</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>texts of {1} words, {2} turns</source>
   <translation>Texte von {1} Wörtern, {2} Beiträgen</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>than {1}</source>
   <translation>als {1}</translation>
  </message>
  <message>
   <location filename="../../engine/system/graphics/torch_build.py" />
   <source>the CPU</source>
   <translation>die CPU</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/entry.py" />
   <source>the cluster's head</source>
   <translation>dem Kopfknoten des Clusters</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>the conversation of {1}</source>
   <translation>das Gespräch vom {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>the conversation {1}{2} is missing</source>
   <translation>das Gespräch {1}{2} fehlt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the file ends inside it</source>
   <translation>die Datei bricht darin ab</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>the header's length is impossible</source>
   <translation>die Länge des Kopfs ist unmöglich</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>the last block</source>
   <translation>dem letzten Block</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>the last {1} blocks</source>
   <translation>den letzten {1} Blöcken</translation>
  </message>
  <message>
   <location filename="../../engine/system/sandbox.py" />
   <source>the library that reads it crashes or lacks memory</source>
   <translation>die Bibliothek, die es liest, stürzt ab oder hat zu wenig Speicher</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>the lists in "{1}" don't contain text.</source>
   <translation>die Listen in „{1}“ enthalten keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>the model</source>
   <translation>dem Modell</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>the model uses {1} of its {2} weights</source>
   <translation>das Modell nutzt {1} ihrer {2} Gewichte</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>the only other text column, with longer texts</source>
   <translation>die einzige andere mit Texten, und diese sind länger</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>the only other text column, with shorter texts</source>
   <translation>die einzige andere mit Texten, und diese sind kürzer</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/requests.py" />
   <source>the playground</source>
   <translation>der Werkbank</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>the row starting in line {1} has more than {2} characters; a quotation mark may be open there</source>
   <translation>die Zeile, die in Zeile {1} beginnt, hat mehr als {2} Zeichen; vielleicht ist dort ein Anführungszeichen offen</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>the same</source>
   <translation>gleich</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>the same text in every row</source>
   <translation>denselben Text in jeder Zeile</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>the shape of {1} is impossible</source>
   <translation>die Form von {1} ist unmöglich</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>the shared beginning is removed: "{1}"</source>
   <translation>der gemeinsame Anfang ist weggelassen: „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>the split {1}</source>
   <translation>dem Teil {1}</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_job.py" />
   <source>the token belongs to another cluster</source>
   <translation>das Token ist nicht das dieses Clusters</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>the year is impossible</source>
   <translation>das Jahr ist unmöglich</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>these are not score differences</source>
   <translation>das sind keine Differenzen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>these are not scores</source>
   <translation>das sind keine Wertungen</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>they say the same in other words</source>
   <translation>sie sagen dasselbe mit anderen Worten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this CPU is faster in bfloat16</source>
   <translation>diese CPU ist in bfloat16 schneller</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this GPU doesn't support bfloat16</source>
   <translation>diese GPU kann kein bfloat16</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this device supports bfloat16</source>
   <translation>dieses Gerät unterstützt bfloat16</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>this prompt</source>
   <translation>dieser Prompt</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>time Name: text</source>
   <translation>Zeit Name: Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>time nick text</source>
   <translation>Zeit Name Text</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>timed out</source>
   <translation>timed out</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>tokens</source>
   <translation>Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>too few to tell</source>
   <translation>zu wenige für ein Urteil</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>torch finds no {1} device on this computer.</source>
   <translation>Dieser Computer hat kein {1}-Gerät, das torch nutzen kann.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>train</source>
   <translation>Training</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>true and false values</source>
   <translation>Wahr und Falsch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>true or false</source>
   <translation>wahr oder falsch</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>tuned</source>
   <translation>trainiert</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>tuple[SelectiveLayer, str]</source>
   <translation>tuple[SelectiveLayer, str]</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>two tensors have the same name</source>
   <translation>zwei Tensoren haben denselben Namen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>unexpected end of data</source>
   <translation>unexpected end of data</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>unpacks to far more than plausible</source>
   <translation>entpackt sich zu unglaubwürdig viel</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>unsent message</source>
   <translation>zurückgenommene Nachricht</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>unsupported subtitles</source>
   <translation>Untertitel in anderer Form</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>unterminated string starting</source>
   <translation>nicht geschlossener Text</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>user, text and ts</source>
   <translation>user, text und ts</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>validation</source>
   <translation>Validierung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>validation loss</source>
   <translation>Verlust bei der Validierung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>values that are nested too deeply</source>
   <translation>zu tief verschachtelte Werte</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>waiting</source>
   <translation>wartet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>waves</source>
   <translation>Wellen</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>what the window keeps</source>
   <translation>was das Fenster aufhebt</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>what waits for the device</source>
   <translation>was auf das Gerät wartet</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>while echo {mark}; python -m engine.cluster.store_job {storage}; [ $? -gt 128 ]; do sleep 1; done</source>
   <translation>while echo {mark}; python -m engine.cluster.store_job {storage}; [ $? -gt 128 ]; do sleep 1; done</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>with double quantization</source>
   <translation>mit doppelter Quantisierung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>without a name</source>
   <translation>ohne Namen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>without an ending</source>
   <translation>ohne Endung</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>written</source>
   <translation>geschrieben</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>written by {1} in {2}</source>
   <translation>geschrieben von {1} in {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>{1} % of the {2} are cut off at {3} tokens.</source>
   <translation>{1} % der {2} werden bei {3} Tokens abgeschnitten.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} (95 % interval {2}) on the {3} conversations.</source>
   <translation>{1} (95-%-Intervall {2}) an den Gesprächen (Teil {3}).</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} (95 % interval {2}) on {3} {4} conversations.</source>
   <translation>{1} (95-%-Intervall {2}) an {3} Gesprächen (Teil {4}).</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} ({2} to {3})</source>
   <translation>{1} ({2} bis {3})</translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>{1} ({2}), time {3}, result {4}</source>
   <translation>{1} ({2}), Zeit {3}, Ergebnis {4}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} ({2}{3}) in {4}: {5}</source>
   <translation>{1} ({2}{3}) in {4}: {5}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} Activations take {2} of it.</source>
   <translation>{1} Aktivierungen brauchen davon {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} Adapters of nf4 and fp4 bases can be merged.</source>
   <translation>{1} Adapter von nf4- und fp4-Basismodellen lassen sich verschmelzen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} If you don't need {2}, unset it.</source>
   <translation>{1} Wenn Sie {2} nicht brauchen, löschen Sie die Variable.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>{1} Repair the row, or name other keys in data.columns.</source>
   <translation>{1} Reparieren Sie die Zeile, oder nennen Sie andere Schlüssel in data.columns.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} The base model takes {2} of it.</source>
   <translation>{1} Das Basismodell braucht davon {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} The parameters that {2} trains take {3} of it, with gradients and optimizer.</source>
   <translation>{1} Die Parameter, die {2} trainiert, brauchen davon {3}, mit Gradienten und Optimierer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} With several computers, {2} must be set.</source>
   <translation>{1} Auf mehreren Computern muss {2} gesetzt sein.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>{1} Words are not stemmed.</source>
   <translation>{1} Wörter werden nicht auf ihren Stamm gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>{1} Words are stemmed.</source>
   <translation>{1} Wörter werden auf ihren Stamm gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} adapters are called "{2}".</source>
   <translation>{1} Adapter heißen „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} adapters begin with "{2}".</source>
   <translation>{1} Adapter beginnen mit „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>{1} adapters of this kind are not supported.</source>
   <translation>{1}-Adapter dieser Art werden nicht unterstützt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} already exists.</source>
   <translation>{1} gibt es schon.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} also contains an adapter: {2}.</source>
   <translation>{1} enthält auch einen Adapter: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} and up to {2} others exceed the context window of {3} tokens.</source>
   <translation>{1} und bis zu {2} andere überschreiten das Kontextfenster von {3} Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} and {2}</source>
   <translation>{1} und {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>{1} and {2} are compared on {3} shared conversations.</source>
   <translation>{1} und {2} werden auf {3} gemeinsamen Gesprächen verglichen.</translation>
  </message>
  <message>
   <location filename="../../engine/messages.py" />
   <source>{1} and {2} more</source>
   <translation>{1} und {2} weitere</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>{1} and {2} share no conversation.</source>
   <translation>{1} und {2} haben kein Gespräch gemeinsam.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>{1} answered with status {2}. {3}</source>
   <translation>{1} konnte es nicht ausführen (Status {2}). {3}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/llama_server.py" />
   <source>{1} answered {2}</source>
   <translation>{1} antwortete mit {2}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} answers</source>
   <translation>{1} antwortet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>{1} blocks a side do not divide rank {2}.</source>
   <translation>{1} Blöcke je Seite teilen den Rang {2} nicht.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>{1} block|{1} blocks</source>
   <translation>
    <numerusform>{1} Block</numerusform>
    <numerusform>{1} Blöcke</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} broken row|{1} broken rows</source>
   <translation>
    <numerusform>{1} fehlerhafte Zeile</numerusform>
    <numerusform>{1} fehlerhafte Zeilen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/system/units.py" />
   <source>{1} bytes</source>
   <translation>{1} Bytes</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>{1} bytes needed, {2} available</source>
   <translation>{1} Bytes werden gebraucht, {2} sind verfügbar</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>{1} can't be a base model: {2}.</source>
   <translation>{1} kann kein Basismodell sein: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} can't be attached to {2}: {3}</source>
   <translation>{1} lässt sich nicht an {2} anfügen: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>{1} can't be changed during a run.</source>
   <translation>{1} lässt sich während eines Laufs nicht ändern.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} can't be copied: {2}.</source>
   <translation>{1} lässt sich nicht kopieren: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} can't be created: {2}.</source>
   <translation>{1} lässt sich nicht anlegen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>{1} can't be deleted: {2}.</source>
   <translation>{1} lässt sich nicht löschen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>{1} can't be emptied: {2}.</source>
   <translation>{1} lässt sich nicht leeren: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>{1} can't be exported as a training script: {2}.</source>
   <translation>Kein Skript kann {1} neu trainieren: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} can't be exported to {2}: {3}.</source>
   <translation>{1} lässt sich nicht nach {2} exportieren: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>{1} can't be loaded: {2}</source>
   <translation>{1} lässt sich nicht laden: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} can't be merged into a plain model</source>
   <translation>{1} lässt sich nicht zu einem gewöhnlichen Modell verschmelzen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/layer_merge.py" />
   <source>{1} can't be merged: it would write different summaries.</source>
   <translation>{1} lässt sich nicht verschmelzen: Es würde anderes schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} can't be merged: its weights are damaged.</source>
   <translation>{1} lässt sich nicht verschmelzen: Seine Gewichte sind beschädigt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} can't be merged: {2}.</source>
   <translation>{1} lässt sich nicht verschmelzen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>{1} can't be opened: {2}.</source>
   <translation>{1} lässt sich nicht durchsehen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} can't be reached: {2} {3}.</source>
   <translation>{1} ist nicht erreichbar: {2} {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>{1} can't be read, so speakers are named by id.</source>
   <translation>{1} lässt sich nicht lesen, deshalb heißen Sprecher nach ihren IDs.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>{1} can't be read.</source>
   <translation>{1} lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/general_text.py" />
   <source>{1} can't be read: {2}.</source>
   <translation>{1} lässt sich nicht lesen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>{1} can't be restored: {2}.</source>
   <translation>{1} lässt sich nicht wiederherstellen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>{1} can't be saved: {2}.</source>
   <translation>{1} lässt sich nicht speichern: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>{1} can't be sharded: its blocks are unknown.</source>
   <translation>{1} lässt sich nicht aufteilen: Seine Blöcke sind nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/llama_server.py" />
   <source>{1} can't be started: {2}.</source>
   <translation>{1} lässt sich nicht starten: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} can't be the name of a repository.</source>
   <translation>{1} kann kein Name eines Repositorys sein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>{1} can't be the name of a {2}.</source>
   <translation>{1} ist kein möglicher Name ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} can't be unpacked: {2}.</source>
   <translation>{1} lässt sich nicht entpacken: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/check_results.py" />
   <source>{1} can't be used: {2}.</source>
   <translation>{1} lässt sich nicht verwenden: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/atomic_write.py" />
   <source>{1} can't be written completely.</source>
   <translation>{1} lässt sich nicht vollständig schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} can't be written to: {2}.</source>
   <translation>{1} lässt sich nicht beschreiben: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>{1} can't be written: the disk is full.</source>
   <translation>{1} lässt sich nicht schreiben: Die Festplatte ist voll.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} can't be written: {2}.</source>
   <translation>{1} lässt sich nicht schreiben: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>{1} can't continue from the state of {2} at step {3}.</source>
   <translation>{1} kann nicht vom Zustand von {2} bei Schritt {3} aus weitermachen.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} can't start Tunesmith: {2}</source>
   <translation>{1} kann Tunesmith nicht starten: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} changed while being read.</source>
   <translation>{1} hat sich beim Lesen geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>{1} changed while being sent.</source>
   <translation>{1} hat sich beim Senden geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} chats are read as turns.</source>
   <translation>{1} Chats sind als Beiträge gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>{1} comes from a later version of Tunesmith.</source>
   <translation>{1} stammt von einer späteren Version von Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} comes from another version.</source>
   <translation>{1} stammt von einer anderen Version.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>{1} computes in {2}, {3} in {4}.</source>
   <translation>{1} rechnet in {2}, {3} in {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>{1} contains NaN values</source>
   <translation>{1} enthält Werte, die keine Zahlen sind</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/sandboxed.py" />
   <source>{1} contains implausibly much for its size.</source>
   <translation>{1} enthält unglaubwürdig viel für seine Größe.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} contains neither a list nor an object</source>
   <translation>{1} enthält weder eine Liste noch ein Objekt</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} contains no adapter.</source>
   <translation>{1} enthält keinen Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>{1} contains no arena.</source>
   <translation>In {1} ist keine Arena.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} contains no data files.</source>
   <translation>{1} enthält keine Datendateien.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} contains no messages.</source>
   <translation>In {1} sagt niemand etwas.</translation>
  </message>
  <message>
   <location filename="../../engine/config/model_info.py" />
   <source>{1} contains no model.</source>
   <translation>In {1} ist kein Modell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>{1} contains no optimizer state</source>
   <translation>{1} enthält keinen Zustand eines Optimierers</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} contains no safetensors weights.</source>
   <translation>{1} enthält keine Gewichte im Format safetensors.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>{1} contains no schedule state</source>
   <translation>{1} enthält keinen Zustand eines Lernratenplans</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} contains no {2}.</source>
   <translation>{1} enthält kein {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} contains several lists: {2}.</source>
   <translation>{1} enthält mehrere Listen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} contains {2} adapters.</source>
   <translation>{1} enthält {2} Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>{1} contains {2}, which doesn't belong in an adapter of {3}.</source>
   <translation>{1} enthält {2}, was kein Teil eines {3}-Adapters ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} continues after the end</source>
   <translation>{1} geht hinter dem Ende weiter</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} conversation is excluded by the recipe.|The recipe excludes {1} conversations.</source>
   <translation>
    <numerusform>Das Rezept schließt {1} Gespräch aus.</numerusform>
    <numerusform>Das Rezept schließt {1} Gespräche aus.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>{1} conversations</source>
   <translation>{1} Gespräche</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} conversation|{1} conversations</source>
   <translation>
    <numerusform>{1} Gespräch</numerusform>
    <numerusform>{1} Gespräche</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} didn't start Tunesmith.</source>
   <translation>{1} startet Tunesmith nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>{1} doesn't belong in the folder.</source>
   <translation>{1} hat im Ordner keinen Platz.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>{1} doesn't belong to this run's recipe.</source>
   <translation>{1} gehört nicht zum Rezept dieses Laufs.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>{1} doesn't contain a token.</source>
   <translation>In {1} steht kein Token.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>{1} doesn't exist.</source>
   <translation>Unter {1} ist nichts.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} doesn't fit {2}: {3}</source>
   <translation>{1} passt nicht zu {2}: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>{1} doesn't lead to a folder: {2} has no known user, links to itself, or isn't a path.</source>
   <translation>{1} führt zu keinem Ordner: {2} gehört keinem bekannten Benutzer, ist ein Link auf sich selbst oder kein Pfad.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} doesn't name its base model.</source>
   <translation>{1} sagt nicht, für welches Basismodell er gemacht ist.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>{1} doesn't respond.</source>
   <translation>{1} antwortet nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1} doesn't support bfloat16.</source>
   <translation>{1} rechnet nicht in bfloat16.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} doesn't work on {2}.</source>
   <translation>{1} geht nicht mit {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>{1} doesn't work with checkpointed activations.</source>
   <translation>{1} geht nicht mit neu berechneten Aktivierungen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} doesn't work with {2} models.</source>
   <translation>{1} geht nicht mit {2}-Modellen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>{1} ended or was killed.</source>
   <translation>{1} ist beendet oder wurde abgebrochen.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/arena/entry_status.py" />
   <source>{1} entry|{1} entries</source>
   <translation>
    <numerusform>{1} Eintrag</numerusform>
    <numerusform>{1} Einträge</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>{1} evaluation|{1} evaluations</source>
   <translation>
    <numerusform>{1} Bewertung</numerusform>
    <numerusform>{1} Bewertungen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>{1} examples</source>
   <translation>{1} Beispiele</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/arena/entries.py" />
   <source>{1} example|{1} examples</source>
   <translation>
    <numerusform>{1} Beispiel</numerusform>
    <numerusform>{1} Beispiele</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} exists and contains something else.</source>
   <translation>{1} gibt es schon, und es enthält etwas anderes.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>{1} failed: {2}</source>
   <translation>{1} schlug fehl: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} free</source>
   <translation>{1} frei</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>{1} from {2} below {3}</source>
   <translation>{1} ab {2} unter {3}</translation>
  </message>
  <message>
   <location filename="../../engine/system/units.py" />
   <source>{1} h {2} min</source>
   <translation>{1} h {2} min</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_files.py" />
   <source>{1} has NaN or infinite values in {2} of {3}.</source>
   <translation>{1} hat NaN oder unendliche Werte in {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} has Tunesmith {2}, this computer {3}.</source>
   <translation>{1} hat Tunesmith {2}, dieser Computer {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has a TL;DR, read as its summary.</source>
   <translation>{1} enthält ein TL;DR, gelesen als Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} has all these entries with {2} seeds.</source>
   <translation>{1} hat alle diese Einträge mit {2} Startwerten.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} has another entry like {2} now.</source>
   <translation>{1} hat inzwischen einen anderen Eintrag wie {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} has another size than declared</source>
   <translation>{1} hat eine andere Größe als angegeben</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>{1} has different files of {2} than {3}.</source>
   <translation>{1} hat andere Dateien von {2} als {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} has invalid values ({2}) in {3}.</source>
   <translation>{1} hat unmögliche Werte ({2}) in {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} has more than {2} broken rows, the first at {3}.</source>
   <translation>{1} hat mehr als {2} fehlerhafte Zeilen, die erste bei {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>{1} has more than {2} bytes</source>
   <translation>{1} hat mehr als {2} Bytes</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>{1} has no "{2}" to tell its conversation.</source>
   <translation>{1} hat kein „{2}“, das ihr Gespräch nennt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has no address at {2} ({3}), where the ranks meet.</source>
   <translation>{1} hat keine Adresse an {2} ({3}), wo sich die Ranks treffen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>{1} has no column "{2}": it has {3}.</source>
   <translation>{1} hat keine Spalte „{2}“, sondern {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>{1} has no conversation {2} with a reference.</source>
   <translation>{1} hat kein Gespräch {2} mit einer Referenz.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/read_conversations.py" />
   <source>{1} has no conversations to try.</source>
   <translation>{1} hat keine Gespräche, die sich ausprobieren lassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/label_data.py" />
   <source>{1} has no conversations.</source>
   <translation>{1} hat keine Gespräche.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} has no entry "{2}".</source>
   <translation>{1} hat keinen Eintrag „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>{1} has no header; columns are numbered.</source>
   <translation>{1} hat keine Kopfzeile; Spalten sind nummeriert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>{1} has no ids, and {2} for {3}.</source>
   <translation>{1} hat keine IDs und {2} für {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>{1} has no layer {2}.</source>
   <translation>{1} hat keine Schicht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has no private folder in which ranks can meet.</source>
   <translation>{1} hat keinen privaten Ordner, in dem sich Ranks treffen können.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>{1} has no revision {2}.</source>
   <translation>{1} hat keine Revision {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} has no rows.</source>
   <translation>In {1} sind keine Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>{1} has no sheet "{2}" with data.</source>
   <translation>{1} hat kein Blatt „{2}“, das etwas enthält.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/systems.py" />
   <source>{1} has no summaries by conversation.</source>
   <translation>{1} hat keine Zusammenfassungen nach Gespräch.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} has no table "{2}" with texts.</source>
   <translation>{1} hat keine Tabelle „{2}“ mit Texten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>{1} has no text; its pages are images.</source>
   <translation>{1} hat keinen Text: Die Seiten sind Bilder.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} has no {2}.</source>
   <translation>{1} hat kein {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} has no {2}{3}.</source>
   <translation>{1} hat kein {2}{3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>{1} has other columns than the first file: {2} is read.</source>
   <translation>{1} hat andere Spalten als die erste Datei: Gelesen wird {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has properties or tables above the turns, which are skipped.</source>
   <translation>{1} hat Eigenschaften oder Tabellen über den Beiträgen, die ausgelassen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} has several tables with texts: {2}.</source>
   <translation>{1} hat mehrere Tabellen mit Texten: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has summaries below its conversations, which are read.</source>
   <translation>{1} hat unter den Gesprächen Zusammenfassungen, die gelesen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>{1} has too few conversations for the {2} split.</source>
   <translation>{1} hat zu wenige Gespräche für den Teil {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} has trained biases of the base model, which Tunesmith doesn't support.</source>
   <translation>{1} hat trainierte Biases des Basismodells, die Tunesmith nicht unterstützt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>{1} has {2} ({3}); all their cells get the first value.</source>
   <translation>{1} hat {2} ({3}); alle ihre Zellen bekommen den ersten Wert.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>{1} has {2} bytes; the limit is {3}</source>
   <translation>{1} hat {2} Bytes, höchstens {3} sind erlaubt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} has {2} of undeclared layers: {3}.</source>
   <translation>{1} hat {2} nicht angegebener Schichten: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has {2} than rank 0 (on {3}).</source>
   <translation>{1} hat {2} als Rank 0 (auf {3}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} has {2} unused by a {3} model: {4}.</source>
   <translation>{1} hat {2}, die ein {3}-Modell nicht verwendet: {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has {2} {3}, rank 0 (on {4}) has {5}.</source>
   <translation>{1} hat {2} {3}, Rank 0 (auf {4}) hat {5}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>{1} has {2}, {3} has {4}.</source>
   <translation>{1} hat {2}, {3} hat {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} in about {2}.</source>
   <translation>{1} in etwa {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} in line {2}</source>
   <translation>{1} in Zeile {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} in the prompt: {2} tokens. {3}the longest conversation and its summary need {4} tokens; the context window has {5}.</source>
   <translation>{1} im Prompt: {2} Tokens. {3}das längste Gespräch und seine Zusammenfassung brauchen {4} Tokens; das Kontextfenster hat {5}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/validation/check_report.py" />
   <source>{1} in {2} of {3}.</source>
   <translation>{1} in {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>{1} is a GPU of this computer.</source>
   <translation>{1} ist eine GPU dieses Computers.</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>{1} is a folder among files.</source>
   <translation>{1} ist ein Ordner unter anderem.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>{1} is a folder.</source>
   <translation>{1} ist ein Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>{1} is a link to {2}, which doesn't exist.</source>
   <translation>{1} ist eine Verknüpfung auf {2}, und dort ist nichts zu lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} is a prompt without weights.</source>
   <translation>{1} ist ein Prompt ohne Gewichte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>{1} is a {2} model, which generates no text.</source>
   <translation>{1} ist ein {2}-Modell, das keinen Text schreibt.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>{1} is already running.</source>
   <translation>{1} läuft schon.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} is an object with lists of different lengths: {2}.</source>
   <translation>{1} ist ein Objekt mit verschieden langen Listen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>{1} is an old feather file, which can't be read.</source>
   <translation>{1} ist eine alte Feather-Datei, die nicht gelesen werden kann.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} is being changed elsewhere.</source>
   <translation>{1} wird gerade anderswo geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} is built by a script, {2}, which Tunesmith doesn't run.</source>
   <translation>{1} entsteht durch ein Skript, {2}, das Tunesmith nicht ausführt.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>{1} is completed.</source>
   <translation>{1} ist abgeschlossen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/train.py" />
   <source>{1} is damaged and is skipped: {2}.</source>
   <translation>{1} ist beschädigt und wird übergangen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} is damaged: {2}.</source>
   <translation>{1} ist beschädigt: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>{1} is empty.</source>
   <translation>{1} ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} is encrypted, or not an SQLite database.</source>
   <translation>{1} ist verschlüsselt oder keine SQLite-Datenbank.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>{1} is full: {2} of its memory is free.</source>
   <translation>{1} ist voll: {2} ihres Speichers sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>{1} is gated: accept its owner's terms first.</source>
   <translation>{1} ist zugangsbeschränkt: Stimmen Sie zuerst den Bedingungen zu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} is in use, so {2} is not read. Close the other program.</source>
   <translation>{1} ist in Gebrauch, daher wird {2} nicht gelesen. Schließen Sie das andere Programm.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} is missing.</source>
   <translation>{1} fehlt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} is neither an adapter's folder nor its zip.</source>
   <translation>{1} ist weder Ordner noch ZIP-Datei eines Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>{1} is not UTF-8 and is read as {2}. If accents look wrong, change the encoding (data.encoding).</source>
   <translation>{1} ist nicht UTF-8 und wird als {2} gelesen. Wenn Umlaute falsch aussehen, ändern Sie die Kodierung (data.encoding).</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} is not a Ray cluster, or not ready yet.</source>
   <translation>{1} ist kein Ray-Cluster oder noch nicht bereit.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>{1} is not a job: {2}.</source>
   <translation>{1} ist kein Auftrag: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>{1} is not a linear layer of {2}.</source>
   <translation>{1} ist keine lineare Schicht von {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>{1} is not a linear layer.</source>
   <translation>{1} ist keine lineare Schicht.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>{1} is not a number: {2}.</source>
   <translation>{1} ist keine Zahl: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>{1} is not a plain model exported from {2}.</source>
   <translation>{1} ist kein Modell, als das {2} exportiert wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} is not a set of conversations.</source>
   <translation>{1} ist keine Sammlung von Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/system/validators.py" />
   <source>{1} is not a valid folder name</source>
   <translation>{1} ist kein Name eines Ordners</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} is not an adapter: it has no {2}.</source>
   <translation>{1} ist kein Adapter: Es gibt darin kein {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/hub_sources.py" />
   <source>{1} is not downloaded, and Tunesmith is offline.</source>
   <translation>{1} ist nicht heruntergeladen, und Tunesmith ist offline.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>{1} is not in {2}.</source>
   <translation>{1} liegt nicht in {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} is not known.</source>
   <translation>{1} ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>{1} is not on every node, and a node can't reach the hub.</source>
   <translation>{1} ist nicht auf jedem Knoten, und ein Knoten erreicht den Hub nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>{1} is not supported.</source>
   <translation>{1} wird nicht unterstützt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>{1} is odd, but reflections come in pairs.</source>
   <translation>{1} ist ungerade, aber Spiegelungen bilden Paare.</translation>
  </message>
  <message>
   <location filename="../../engine/system/locks.py" />
   <source>{1} is open in another program.</source>
   <translation>{1} ist anderswo geöffnet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} is private.</source>
   <translation>{1} ist privat.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>{1} is protected by a password.</source>
   <translation>{1} ist durch ein Passwort geschützt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} is public.</source>
   <translation>{1} ist öffentlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} is read as splits: {2}.</source>
   <translation>{1} wird als Teile gelesen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} is read as turns.</source>
   <translation>{1} ist als Beiträge gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>{1} is running.</source>
   <translation>{1} läuft.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} is someone else's account; yours is {2}.</source>
   <translation>{1} ist das Konto von jemand anderem; Ihres ist {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} is the only entry scored</source>
   <translation>{1} ist der einzige bewertete Eintrag</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>{1} is too old for this torch: compute capability {2}, needed {3}.</source>
   <translation>{1} ist zu alt für dieses torch: Compute Capability {2}, nötig {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>{1} is unknown and can't be restored.</source>
   <translation>{1} ist unbekannt und lässt sich nicht wiederherstellen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>{1} is unpacked once: {2} in {3} become {4} in {5}.</source>
   <translation>{1} wird einmal entpackt: Aus {2} in {3} werden {4} in {5}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>{1} is {2}</source>
   <translation>{1} ist {2}</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe_diff.py" />
   <source>{1} is {2} here and {3} in the arena.</source>
   <translation>{1} ist hier {2} und in der Arena {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>{1} is {2}, but {3} is not set.</source>
   <translation>{1} ist {2}, aber {3} ist nicht gesetzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>{1} is {2}, which can't be read.</source>
   <translation>{1} ist {2} und kann nicht gelesen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>{1} items in the trash begin with "{2}".</source>
   <translation>{1} Einträge im Papierkorb beginnen mit „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>{1} lacks the column {2} of other files. It has: {3}.</source>
   <translation>{1} fehlt die Spalte {2} anderer Dateien. Sie hat: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} lacks {2}.</source>
   <translation>{1} fehlt {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} lacks {2}: {3}.</source>
   <translation>{1} fehlen {2}: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>{1} left out</source>
   <translation>{1} ausgelassen</translation>
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>{1} lines have the form "Name: text"</source>
   <translation>{1} Zeilen haben die Form „Name: Text“</translation>
  </message>
  <message>
   <location filename="../../engine/chats/text_exports/__init__.py" />
   <source>{1} lines have the form "{2}"</source>
   <translation>{1} Zeilen haben die Form „{2}“</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>{1} line|{1} lines</source>
   <translation>
    <numerusform>{1} Zeile</numerusform>
    <numerusform>{1} Zeilen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/chat.py" />
   <source>{1} media tag|{1} media tags</source>
   <translation>
    <numerusform>{1} Medienhinweis</numerusform>
    <numerusform>{1} Medienhinweise</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>{1} merged range|{1} merged ranges</source>
   <translation>
    <numerusform>{1} verbundenen Bereich</numerusform>
    <numerusform>{1} verbundene Bereiche</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>{1} message|{1} messages</source>
   <translation>
    <numerusform>{1} Nachricht</numerusform>
    <numerusform>{1} Nachrichten</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/system/units.py" />
   <source>{1} min</source>
   <translation>{1} min</translation>
  </message>
  <message>
   <location filename="../../engine/system/units.py" />
   <source>{1} min {2} s</source>
   <translation>{1} min {2} s</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>{1} mixes encodings: {2} are UTF-8.</source>
   <translation>{1} mischt Kodierungen: {2} in UTF-8.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>{1} models have no biases to train.</source>
   <translation>{1}-Modelle haben keine Biases zum Trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/validation/check_report.py" />
   <source>{1} more differ only in spaces.</source>
   <translation>{1} weitere unterscheiden sich nur in Leerzeichen.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>{1} more remark|{1} more remarks</source>
   <translation>
    <numerusform>{1} weiterer Hinweis</numerusform>
    <numerusform>{1} weitere Hinweise</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>{1} must be a table.</source>
   <translation>{1} muss eine Tabelle sein.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} must be downloaded first.</source>
   <translation>Zuerst wird heruntergeladen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>{1} names no end token (tokenizer.ggml.eos_token_id).</source>
   <translation>{1} nennt kein Endtoken (tokenizer.ggml.eos_token_id).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>{1} names no patch called {2}.</source>
   <translation>{1} nennt einen Patch {2}, den es nicht gibt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>{1} needs bitsandbytes, which is not installed.</source>
   <translation>{1} braucht bitsandbytes, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} needs linear layers; {2} has Conv1D.</source>
   <translation>{1} braucht lineare Schichten; {2} hat Conv1D.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/registration.py" />
   <source>{1} needs the patch peft_type, switched off by {2}.</source>
   <translation>{1} braucht den Patch peft_type, den {2} abschaltet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>{1} needs {2} of llama.cpp, which is not installed.</source>
   <translation>{1} braucht {2} von llama.cpp, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/system/files.py" />
   <source>{1} needs {2}; {3} has {4} free.</source>
   <translation>{1} braucht {2}; in {3} sind {4} frei.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/following.py" />
   <source>{1} no longer has the run; it is sent again.</source>
   <translation>{1} hat den Lauf nicht mehr; er wird neu gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/following.py" />
   <source>{1} no longer has {2}.</source>
   <translation>{1} hat {2} vergessen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} of "{2}"</source>
   <translation>{1} von „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>{1} of its memory is free.</source>
   <translation>{1} ihres Speichers sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>{1} of {2}</source>
   <translation>{1} von {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>{1} of {2} bytes arrived</source>
   <translation>{1} von {2} Bytes sind angekommen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>{1} of {2} can't be read.</source>
   <translation>{1} von {2} lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} of {2} can't be read: {3}.</source>
   <translation>{1} von {2} lässt sich nicht lesen: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>{1} of {2} can't be sent: {3}.</source>
   <translation>{1} von {2} kann nicht gesendet werden: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} of {2} can't be used: {3}</source>
   <translation>{1} von {2} lässt sich nicht verwenden: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} of {2} can't be written: {3}.</source>
   <translation>{1} von {2} lässt sich nicht schreiben: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} of {2} changed since it was saved.</source>
   <translation>{1} von {2} hat sich seit dem Speichern geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>{1} of {2} completed</source>
   <translation>{1} von {2} abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} of {2} contains no configuration.</source>
   <translation>{1} von {2} enthält keine Konfiguration.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>{1} of {2} contains no state.</source>
   <translation>{1} von {2} enthält keinen Zustand.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} of {2} examples</source>
   <translation>{1} von {2} Beispielen</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} of {2} free</source>
   <translation>{1} von {2} frei</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>{1} of {2} has {3} characters; the limit is {4}.</source>
   <translation>{1} von {2} hat {3} Zeichen, gelesen werden höchstens {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} of {2} is damaged: {3}.</source>
   <translation>{1} von {2} ist beschädigt: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} of {2} names no PEFT method.</source>
   <translation>{1} von {2} nennt kein PEFT-Verfahren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} of {2} names {3}, which is no safetensors file.</source>
   <translation>{1} von {2} nennt {3}, was keine safetensors-Datei ist.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} of {2} parameters ({3} %)</source>
   <translation>{1} von {2} Parametern ({3} %)</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} of {2} ranks didn't come within {3} s: {4}.</source>
   <translation>{1} von {2} Ranks kamen nicht innerhalb von {3} s: {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} of {2} rows</source>
   <translation>{1} von {2} Zeilen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} of {2} says {3}, which can't be checked.</source>
   <translation>{1} von {2} sagt {3}, was sich nicht prüfen lässt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} of {2} steps skipped: float16 overflowed.</source>
   <translation>{1} von {2} Schritten übersprungen: float16 lief über.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} of {2} steps skipped: values were not finite.</source>
   <translation>{1} von {2} Schritten übersprungen: Werte waren nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} of {2} summaries</source>
   <translation>{1} von {2} Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} of {2} tokenize differently.</source>
   <translation>{1} von {2} zerfallen in andere Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} of {2} weights</source>
   <translation>{1} von {2} Gewichten</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1} of {2} {3}</source>
   <translation>{1} von {2} {3}</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} on disk</source>
   <translation>{1} auf Platte</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} on one {2} conversation, so no interval.</source>
   <translation>{1} an einem Gespräch (Teil {2}), daher kein Intervall.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/entry.py" />
   <source>{1} on the node</source>
   <translation>{1} auf dem Knoten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>{1} or {2} work.</source>
   <translation>{1} oder {2} gehen.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/chat.py" />
   <source>{1} other chat|{1} other chats</source>
   <translation>
    <numerusform>{1} anderer Chat</numerusform>
    <numerusform>{1} andere Chats</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} over {2}</source>
   <translation>{1} über {2}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>{1} parts with {2}</source>
   <translation>{1} Teile mit {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/validation/check_report.py" />
   <source>{1} places.</source>
   <translation>{1} Stellen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} points</source>
   <translation>{1} Punkte</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1} processes can't all use {2}:{3}.</source>
   <translation>{1} Prozesse können nicht alle auf {2}:{3} rechnen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1} processes share {2} GPUs; each needs its own.</source>
   <translation>{1} Prozesse teilen sich {2} GPUs; jeder braucht eine eigene.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} process|{1} processes</source>
   <translation>
    <numerusform>{1} Prozess</numerusform>
    <numerusform>{1} Prozesse</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} prompt|{1} prompts</source>
   <translation>
    <numerusform>{1} Prompt</numerusform>
    <numerusform>{1} Prompts</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/chat.py" />
   <source>{1} quoted message|{1} quoted messages</source>
   <translation>
    <numerusform>{1} zitierte Nachricht</numerusform>
    <numerusform>{1} zitierte Nachrichten</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} reference|{1} references</source>
   <translation>
    <numerusform>{1} Referenz</numerusform>
    <numerusform>{1} Referenzen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>{1} refused the login.</source>
   <translation>{1} lässt diesen Computer nicht herein.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>{1} refuses SSH connections.</source>
   <translation>{1} weist SSH-Verbindungen ab.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} rejected this token.</source>
   <translation>{1} nimmt dieses Token nicht an.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} requires a token.</source>
   <translation>{1} verlangt ein Token.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>{1} row|{1} rows</source>
   <translation>
    <numerusform>{1} Zeile</numerusform>
    <numerusform>{1} Zeilen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} score alike</source>
   <translation>{1} liegen gleichauf</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} score alike, above all others</source>
   <translation>{1} liegen gleichauf vor allen anderen</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} score highest, with no measurable difference</source>
   <translation>{1} liegen vorn, ohne messbaren Unterschied</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} scores highest</source>
   <translation>{1} liegt vorn</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>{1} seeds from {2} pass the last one, {3}.</source>
   <translation>{1} Startwerte ab {2} gehen über den letzten hinaus, {3}.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} seed|{1} seeds</source>
   <translation>
    <numerusform>{1} Startwert</numerusform>
    <numerusform>{1} Startwerte</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>{1} sent an unknown answer.</source>
   <translation>{1} hat eine unbekannte Antwort gesendet.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/chat.py" />
   <source>{1} signature|{1} signatures</source>
   <translation>
    <numerusform>{1} Signatur</numerusform>
    <numerusform>{1} Signaturen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>{1} skipped: "{2}" names no split ({3}; rows {4}).</source>
   <translation>{1} ausgelassen: „{2}“ nennt keinen Teil ({3}; Zeilen {4}).</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} speaker|{1} speakers</source>
   <translation>
    <numerusform>{1} Sprecher</numerusform>
    <numerusform>{1} Sprecher</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>{1} splits text unusually ({2}).</source>
   <translation>{1} zerlegt Text ungewöhnlich ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} starts a value of more than {2} characters</source>
   <translation>in {1} beginnt ein Wert mit mehr als {2} Zeichen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} step|{1} steps</source>
   <translation>
    <numerusform>{1} Schritt</numerusform>
    <numerusform>{1} Schritte</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/labelling/export.py" />
   <source>{1} summary|{1} summaries</source>
   <translation>
    <numerusform>{1} Zusammenfassung</numerusform>
    <numerusform>{1} Zusammenfassungen</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/chat.py" />
   <source>{1} system line|{1} system lines</source>
   <translation>
    <numerusform>{1} Systemzeile</numerusform>
    <numerusform>{1} Systemzeilen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} to test on</source>
   <translation>{1} zum Testen</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} to train on</source>
   <translation>{1} zum Trainieren</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1} to validate on</source>
   <translation>{1} zum Validieren</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1} to {2}</source>
   <translation>{1} bis {2}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} to {2}, {3}</source>
   <translation>{1} auf {2}, {3}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} token|{1} tokens</source>
   <translation>
    <numerusform>{1} Token</numerusform>
    <numerusform>{1} Tokens</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>{1} training conversation|{1} training conversations</source>
   <translation>
    <numerusform>{1} Trainingsgespräch</numerusform>
    <numerusform>{1} Trainingsgespräche</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>{1} trains nothing and can't continue from an adapter.</source>
   <translation>{1} trainiert nichts und kann keinen Adapter weiter trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>{1} trains too much for a sharded base model.</source>
   <translation>{1} trainiert zu viel für ein aufgeteiltes Basismodell.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} turn|{1} turns</source>
   <translation>
    <numerusform>{1} Beitrag</numerusform>
    <numerusform>{1} Beiträge</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} unpacks to {2} files of {3} MB, too much for an adapter.</source>
   <translation>{1} entpackt sich zu {2} Dateien mit {3} MB, zu viel für einen Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/bootstrap.py" />
   <source>{1} values can't be paired with {2}</source>
   <translation>{1} Werte lassen sich nicht mit {2} paaren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} virtual tokens fill the context window of {2}.</source>
   <translation>{1} virtuelle Tokens füllen das Kontextfenster von {2}.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>{1} virtual token|{1} virtual tokens</source>
   <translation>
    <numerusform>{1} virtuelles Token</numerusform>
    <numerusform>{1} virtuelle Tokens</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>{1} was damaged in transit.</source>
   <translation>{1} kam nicht so an, wie es gesendet wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} was deleted while being read.</source>
   <translation>{1} wurde beim Lesen gelöscht.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>{1} was initialised with {2}, which changes the base model.</source>
   <translation>{1} wurde mit {2} initialisiert, was das Basismodell ändert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>{1} was killed for lack of memory.</source>
   <translation>{1} wurde wegen Speichermangels beendet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} was made for {2}, not for {3}.</source>
   <translation>{1} ist für {2} gemacht, nicht für {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} was made with {2}, not {3}.</source>
   <translation>{1} ist mit {2} gemacht, nicht mit {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>{1} was made with {2}, which Tunesmith doesn't support.</source>
   <translation>{1} ist mit {2} gemacht, das Tunesmith nicht verwendet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>{1} was not written correctly.</source>
   <translation>{1} wurde nicht richtig geschrieben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>{1} was saved twice by a spreadsheet: rows are read out of single cells.</source>
   <translation>{1} wurde zweimal von einer Tabellenkalkulation gespeichert: Zeilen werden aus einzelnen Zellen gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>{1} was trained in {2} format, not {3}.</source>
   <translation>{1} wurde im Format {2} trainiert, nicht {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>{1} was trained with another prompt than the recipe's.</source>
   <translation>{1} wurde mit einem anderen Prompt als dem des Rezepts trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} was trained with another {2}: {3}, not {4}.</source>
   <translation>{1} wurde mit anderer Einstellung trainiert ({2}): {3}, nicht {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>{1} weights are missing, {2} first</source>
   <translation>{1} Gewichte fehlen, zuerst {2}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} weight|{1} weights</source>
   <translation>
    <numerusform>{1} Gewicht</numerusform>
    <numerusform>{1} Gewichte</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>{1} with {2}</source>
   <translation>{1} mit {2}</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} would contain a folder's path.</source>
   <translation>{1} würde den Pfad eines Ordners enthalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} would fit.</source>
   <translation>{1} würde passen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>{1} {2} is too large for the narrowest layer.</source>
   <translation>{1} {2} ist zu groß für die schmalste Schicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>{1} {2} must divide all layer widths: {3}.</source>
   <translation>{1} {2} muss alle Schichtbreiten teilen: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1}, and this model overflows in float16</source>
   <translation>{1}, und dieses Modell läuft in float16 über</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1}, base model: {2}</source>
   <translation>{1}, Basismodell: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>{1}, data from rank 0, can't be read: {2}.</source>
   <translation>{1}, Daten von Rank 0, ist nicht lesbar: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}, on few conversations</source>
   <translation>{1}, bei wenigen Gesprächen</translation>
  </message>
  <message>
   <location filename="../../engine/runs/plan_text.py" />
   <source>{1}, or as many as fit in {2}.</source>
   <translation>{1} oder so viele, wie in {2} passen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/headline.py" />
   <source>{1}, the base model {2}.</source>
   <translation>{1}, das Basismodell {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1}, the best</source>
   <translation>{1}, der beste</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_text.py" />
   <source>{1}, the last</source>
   <translation>{1}, der letzte</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1}, which begins in {2}, is damaged: {3}</source>
   <translation>{1}, beginnend in {2}, ist beschädigt: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>{1}.{2} is ignored. {3}</source>
   <translation>{1}.{2} entfällt. {3}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}: ROUGE-1 {2}, {3} of {4} summaries identical.</source>
   <translation>{1}: ROUGE-1 {2}, {3} von {4} Zusammenfassungen identisch.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a finite number.</source>
   <translation>{1}: eine endliche Zahl.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a list.</source>
   <translation>{1}: eine Liste.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a number.</source>
   <translation>{1}: eine Zahl.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a table.</source>
   <translation>{1}: eine Tabelle.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a text.</source>
   <translation>{1}: ein Text.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: a whole number.</source>
   <translation>{1}: eine ganze Zahl.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: at least {2}.</source>
   <translation>{1}: mindestens {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: at most {2}.</source>
   <translation>{1}: höchstens {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: choose at least one.</source>
   <translation>{1}: wählen Sie mindestens eines.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>{1}: edit</source>
   <translation>{1}: Änderung</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: it is empty.</source>
   <translation>{1}: ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: less than {2}.</source>
   <translation>{1}: weniger als {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: more than {2}.</source>
   <translation>{1}: mehr als {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: one of {2}.</source>
   <translation>{1}: eines von {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>{1}: picture</source>
   <translation>{1}: Bild</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>{1}: the sheet {2} is read, {3} is not.</source>
   <translation>Von {1} wird das Blatt {2} gelesen, nicht aber {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>{1}: tokens are estimated, {2} characters each.</source>
   <translation>{1}: Tokens sind geschätzt, je {2} Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: true or false.</source>
   <translation>{1}: true oder false.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>{1}: {2}, skipped (data.broken_rows).</source>
   <translation>{1}: {2}, ausgelassen (data.broken_rows).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1}:{2}, where the ranks meet, can't be reached: {3}</source>
   <translation>{1}:{2}, wo sich die Ranks treffen, ist nicht erreichbar: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>{1}Choose the {2} column.</source>
   <translation>{1}Wählen Sie die Spalte für: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>· pfeiffer</source>
   <translation>· pfeiffer</translation>
  </message>
 </context>
</TS>
