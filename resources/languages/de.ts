<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <extra-po-header-plural_forms>nplurals=2; plural=(n != 1);</extra-po-header-plural_forms>
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
   <source>&lt;b&gt;Nothing is trained.&lt;/b&gt; The base model is scored with the plain prompt, then with this one.</source>
   <translation>&lt;b&gt;Nichts wird trainiert.&lt;/b&gt; Das Basismodell wird mit dem einfachen Prompt bewertet, dann mit diesem.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>&lt;b&gt;{model}&lt;/b&gt; learns from {data} with {method}.</source>
   <translation>&lt;b&gt;{model}&lt;/b&gt; lernt aus {data} mit {method}.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>&lt;b&gt;{n} steps&lt;/b&gt; in about &lt;b&gt;{time}&lt;/b&gt;.</source>
   <translation>
    <numerusform>&lt;b&gt;{n} Schritt&lt;/b&gt; in etwa &lt;b&gt;{time}&lt;/b&gt;.</numerusform>
    <numerusform>&lt;b&gt;{n} Schritte&lt;/b&gt; in etwa &lt;b&gt;{time}&lt;/b&gt;.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>&lt;b&gt;{n} steps&lt;/b&gt;, or as many as fit in &lt;b&gt;{time}&lt;/b&gt;.</source>
   <translation>
    <numerusform>&lt;b&gt;{n} Schritt&lt;/b&gt; oder so viele, wie in &lt;b&gt;{time}&lt;/b&gt; passen.</numerusform>
    <numerusform>&lt;b&gt;{n} Schritte&lt;/b&gt; oder so viele, wie in &lt;b&gt;{time}&lt;/b&gt; passen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>&lt;b&gt;{n} steps&lt;/b&gt;.</source>
   <translation>
    <numerusform>&lt;b&gt;{n} Schritt&lt;/b&gt;.</numerusform>
    <numerusform>&lt;b&gt;{n} Schritte&lt;/b&gt;.</numerusform>
   </translation>
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
   <source>A base model loaded for summaries is using the device.</source>
   <translation>Ein Basismodell ist für Zusammenfassungen geladen und belegt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A conversation in each row</source>
   <translation>In jeder Zeile ein Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>A data set is a file, a folder of files, or a data set of the Hugging Face Hub. What a file holds decides how it is read. “Data sets” shows the first rows and what was guessed, and asks what only you can say.</source>
   <translation>Ein Datensatz ist eine Datei, ein Ordner mit Dateien oder ein Datensatz des Hugging Face Hub. Der Inhalt einer Datei entscheidet, wie sie gelesen wird. „Datensätze“ zeigt die ersten Zeilen und was erkannt wurde und fragt, was nur ein Mensch wissen kann.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>A file with the ids, for the other system to fill in</source>
   <translation>Eine Datei mit ihren IDs, die das andere System ausfüllt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>A good summary</source>
   <translation>Eine gute Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights, a bell around zero, and below it the evenly spaced values of int8</source>
   <translation>Ein Histogramm der Gewichte, eine Glocke um null, und darunter die gleichmäßig verteilten Werte von int8</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights, a bell around zero, and below it the sixteen values of NF4, densest near zero</source>
   <translation>Ein Histogramm der Gewichte, eine Glocke um null, und darunter die sechzehn Werte von NF4, nahe null am dichtesten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A histogram of weights, a bell around zero, and below it the values of FP4</source>
   <translation>Ein Histogramm der Gewichte, eine Glocke um null, und darunter die Werte von FP4</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/history.py" />
   <source>A history entry can't be deleted: {why}.</source>
   <translation>Ein Eintrag des Verlaufs lässt sich nicht löschen: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A large frozen base model and a small trained adapter make the tuned model</source>
   <translation>Ein großes eingefrorenes Basismodell und ein kleiner trainierter Adapter ergeben das trainierte Modell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A list of turns in each row</source>
   <translation>In jeder Zeile eine Liste von Beiträgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>A new repository, or one this adapter was uploaded to before.</source>
   <translation>Ein neues Repository oder eines, an das dieser Adapter schon gesendet wurde.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>A path on that computer. Empty: where `tunesmith node start` puts it.</source>
   <translation>Ein Pfad auf jenem Computer; leer: wo `tunesmith node start` sie ablegt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>A preset needs a name.</source>
   <translation>Eine Vorlage braucht einen Namen.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>A published variant of the method. Choosing it sets the options.</source>
   <translation>Eine veröffentlichte Variante des Verfahrens. Die Auswahl setzt ihre Optionen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>A run is being prepared.</source>
   <translation>Ein Lauf wird vorbereitet.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>A run is training on the device.</source>
   <translation>Ein Lauf trainiert und belegt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>A run is using the files on {node}.</source>
   <translation>Auf {node} nutzt ein Lauf, was dort liegt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch.py" />
   <source>A run needs the device. Finished summaries are saved.</source>
   <translation>Ein Lauf braucht das Gerät. Fertige Zusammenfassungen bleiben erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>A run needs {least} accepted summaries: {lacking} more to accept.</source>
   <translation>Ein Lauf braucht {least} angenommene Zusammenfassungen: noch {lacking} anzunehmen.</translation>
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
   <translation>Ein Adapter wird bewertet und belegt das Gerät.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>A sentence of six words cut into eight tokens</source>
   <translation>Ein Satz aus sechs Wörtern, zerlegt in acht Tokens</translation>
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
   <location filename="../../gui/pages/help/page.py" />
   <source>A tree of token sequences: beam search extends the two likeliest and returns the best</source>
   <translation>Ein Baum von Tokenfolgen: Die Beam-Suche verlängert die zwei wahrscheinlichsten und gibt die beste zurück</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>A turn in each row</source>
   <translation>In jeder Zeile ein Beitrag</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Accept and continue</source>
   <translation>Annehmen und weiter</translation>
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
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Activations</source>
   <translation>Aktivierungen</translation>
  </message>
  <message>
   <location filename="../../gui/command_index.py" />
   <source>Adapter</source>
   <translation>Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Adapter saved as {name}</source>
   <translation>Adapter gespeichert als {name}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Adapters</source>
   <translation>Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Adapters, curves, scores and all resumable runs are kept.</source>
   <translation>Adapter, Kurven, Wertungen und alle fortsetzbaren Läufe bleiben erhalten.</translation>
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
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Against full fine-tuning</source>
   <translation>Gegen volle Feinabstimmung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Against the base model</source>
   <translation>Gegen das Basismodell</translation>
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
   <location filename="../../gui/pages/labelling/page.py" />
   <source>All conversations summarised in the playground</source>
   <translation>Alle Gespräche, die in der Werkbank zusammengefasst wurden</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/filter_row.py" />
   <source>All data</source>
   <translation>Alle Daten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>All entries are trained on the same data and scored the same way.</source>
   <translation>Alle Einträge werden auf denselben Daten trainiert und auf dieselbe Weise bewertet, sodass sie sich vergleichen lassen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>All entries are trained on the same data and scored the same way. Prompt, epochs and scoring come from the recipe on the Train page.</source>
   <translation>Alle Einträge werden auf denselben Daten trainiert und auf dieselbe Weise bewertet, sodass sie sich vergleichen lassen. Prompt, Epochen und Bewertung sind die des Rezepts auf der Seite „Trainieren“.</translation>
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
   <location filename="../../gui/pages/library/filter_row.py" />
   <source>All methods</source>
   <translation>Alle Verfahren</translation>
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
   <source>Also upload the {n} example conversations of its prompt</source>
   <translation>
    <numerusform>Auch das {n} Gespräch senden, das sein Prompt zeigt</numerusform>
    <numerusform>Auch die {n} Gespräche senden, die sein Prompt zeigt</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>An arena trains several methods on your data and compares the results in one table.</source>
   <translation>Eine Arena trainiert mehrere Verfahren mit Ihren Daten und vergleicht die Ergebnisse in einer Tabelle.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/worker_manager.py" />
   <source>An export is using the device.</source>
   <translation>Ein Adapter wird exportiert und belegt das Gerät.</translation>
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Applied to</source>
   <translation>Angewendet auf</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Applies after a restart.</source>
   <translation>Gilt nach einem Neustart.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Apps on this computer can use it through an OpenAI-compatible API. Other computers can't reach it, and requests need the token.</source>
   <translation>Programme dieses Computers bekommen Zusammenfassungen wie von OpenAIs Chat Completions. Kein anderer Computer erreicht die Adresse, und ohne das Token bekommt niemand eine Antwort.</translation>
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
   <source>As a script that trains it again…</source>
   <translation>Als Skript, das ihn neu trainiert…</translation>
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
   <translation>Wie hinter dem Befehl ssh. Nötig ist ein Schlüssel oder ein Agent: Es wird kein Passwort gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Ask people, not only ROUGE</source>
   <translation>Fragen Sie Menschen, nicht nur ROUGE</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Asking the hub about {name}…</source>
   <translation>Der Hub wird nach {name} gefragt…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>Asking the hub about {source}…</source>
   <translation>Der Hub wird nach {source} gefragt…</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>At another computer</source>
   <translation>Auf einem anderen Computer</translation>
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
   <source>At most {most} can be compared at once. Uncheck some.</source>
   <translation>Höchstens {most} lassen sich zugleich vergleichen. Wählen Sie einige ab.</translation>
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
   <location filename="../../gui/models/example_table.py" />
   <source>Base</source>
   <translation>Basis</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Base model</source>
   <translation>Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>Base model in</source>
   <translation>Basismodell in</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Base model problem</source>
   <translation>Modellproblem</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>Base model {base}; difference {difference}, {interval}: {verdict}.</source>
   <translation>Basismodell {base}; Unterschied {difference}, {interval}: {verdict}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Base model {low} to {high}, the dashed line in each row</source>
   <translation>Basismodell {low} bis {high}, in jeder Zeile gestrichelt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Base model {score}, the dashed line in each row</source>
   <translation>Basismodell {score}, in jeder Zeile gestrichelt</translation>
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
   <translation>Jeder Schritt behält seine Beispiele. Nichts wird geändert, bevor Sie wählen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Beam search</source>
   <translation>Beam-Suche</translation>
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
   <location filename="../../gui/graphics/drawing.py" />
   <source>Better</source>
   <translation>Besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Better than the base model</source>
   <translation>Besser als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Better than the plain prompt</source>
   <translation>Besser als der einfache Prompt</translation>
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
   <location filename="../../gui/pages/library/page.py" />
   <source>Cancelled.</source>
   <translation>Abgebrochen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Cancelled. The devices were not checked</source>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <source>Checking the base model and the data…</source>
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
   <location filename="../../gui/pages/playground/picker.py" />
   <source>Choose a plain text file.</source>
   <translation>Wählen Sie eine reine Textdatei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>Choose a real model</source>
   <translation>Richtiges Modell wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
   <source>Choose a row to read it and see where it is cut.</source>
   <translation>Wählen Sie eine Zeile, um sie zu lesen und zu sehen, wo sie gekürzt wird.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
   <source>Choose a single conversation, or open the file in Data sets.</source>
   <translation>Wählen Sie ein einzelnes Gespräch, oder öffnen Sie die Datei unter „Datensätze“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Choose a way to make it fit.</source>
   <translation>Wählen Sie, wie es passen soll.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_view.py" />
   <source>Choose another base model</source>
   <translation>Anderes Basismodell wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Choose another name.</source>
   <translation>Wählen Sie einen anderen Namen.</translation>
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
   <location filename="../../gui/pages/arena/table_head.py" />
   <source>Choose further metrics to show</source>
   <translation>Weitere Metriken zum Anzeigen wählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Choose the better of two summaries without seeing which model wrote which.</source>
   <translation>Wählen Sie die bessere von zwei Zusammenfassungen, ohne zu sehen, welches Modell welche geschrieben hat.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Choose them in Data sets</source>
   <translation>In „Datensätze“ auswählen</translation>
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
   <location filename="../../gui/core/recent_files.py" />
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
   <source>Columns with more reference summaries, separated by commas.</source>
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
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Compare the entries with another system's summaries</source>
   <translation>Die Einträge mit dem vergleichen, was ein anderes System geschrieben hat</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Compare the selected adapters</source>
   <translation>Die ausgewählten Adapter nebeneinander zeigen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/page.py" />
   <source>Compare the summaries of the checked entries without seeing which is which</source>
   <translation>Ohne Namen zwischen den Zusammenfassungen der markierten Einträge wählen</translation>
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
   <location filename="../../gui/models/run_table.py" />
   <source>Completed</source>
   <translation>Abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Completed {when}</source>
   <translation>Abgeschlossen {when}</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Connecting…</source>
   <translation>Wird gefragt…</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Contains the {n} training conversations; share it only with people allowed to read them.</source>
   <translation>
    <numerusform>Er enthält das {n} Gespräch des Trainings: Geben Sie ihn nur an Personen weiter, die es lesen dürfen.</numerusform>
    <numerusform>Er enthält die {n} Gespräche des Trainings: Geben Sie ihn nur an Personen weiter, die sie lesen dürfen.</numerusform>
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
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Continues the training of this adapter, with the same base model and method.</source>
   <translation>Der Lauf setzt das Training dieses Adapters fort. Basismodell und Verfahren sind gleich.</translation>
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
   <location filename="../../gui/core/actions.py" />
   <source>Conversations</source>
   <translation>Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Conversations and their summaries</source>
   <translation>Gespräche und ihre Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/items_view.py" />
   <source>Conversations of this set</source>
   <translation>Gespräche dieser Sammlung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
   <source>Conversations to pick from</source>
   <translation>Gespräche zur Auswahl</translation>
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
   <source>Copied. Your home folder is shown as ~</source>
   <translation>Kopiert. Ihr persönlicher Ordner steht darin als ~</translation>
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
   <location filename="../../gui/desktop/crash_report.py" />
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
   <location filename="../../gui/widgets/open_path.py" />
   <source>Copy the address</source>
   <translation>Adresse kopieren</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/open_path.py" />
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
   <source>Correct the summary or add a note</source>
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
   <location filename="../../gui/pages/playground/page.py" />
   <source>Correction saved to your training data in “Write summaries”.</source>
   <translation>Die Korrektur ist unter „Zusammenfassungen schreiben“ angenommen, und damit im nächsten Lauf.</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>Couldn't start from the queue</source>
   <translation>Konnte nicht aus der Warteschlange gestartet werden</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Crashed</source>
   <translation>Abgestürzt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Crashed at step {step}</source>
   <translation>Abgestürzt bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Crashed before the first step</source>
   <translation>Abgestürzt vor dem ersten Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Crashed {when}</source>
   <translation>Abgestürzt {when}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Crashed {when} at step {step} of {total}</source>
   <translation>Abgestürzt {when} bei Schritt {step} von {total}</translation>
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
   <location filename="../../gui/core/preferences.py" />
   <source>Dark</source>
   <translation>Dunkel</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Data</source>
   <translation>Daten</translation>
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
   <location filename="../../gui/models/run_table.py" />
   <source>Data problem</source>
   <translation>Datenproblem</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Data sets</source>
   <translation>Datensätze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
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
   <location filename="../../gui/forms/controls.py" />
   <source>Default</source>
   <translation>Standard</translation>
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
   <location filename="../../gui/desktop/checkpoint_cleanup.py" />
   <source>Delete after 30 days</source>
   <translation>Nach 30 Tagen löschen</translation>
  </message>
  <message>
   <location filename="../../gui/desktop/checkpoint_cleanup.py" />
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
   <translation>Löschen, wohin {name} entpackt wurde? Das gibt {size} frei. Die Datei selbst bleibt.</translation>
  </message>
  <message>
   <location filename="../../gui/desktop/checkpoint_cleanup.py" />
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
   <source>Delete {name}? This frees {size}. The model can be downloaded again.</source>
   <translation>{name} löschen? Das macht {size} frei. Das Modell lässt sich erneut herunterladen.</translation>
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
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>Device</source>
   <translation>Gerät</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Device problem</source>
   <translation>Geräteproblem</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
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
   <source>Each gain is over the run's own base model. The base shown is from {first}.</source>
   <translation>Jeder Gewinn bezieht sich auf das eigene Basismodell des Laufs. Gezeigt ist das Basismodell von {first}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Each method trains this long, or until its epochs are done.</source>
   <translation>Jeder trainiert so lange oder über die Epochen seines Rezepts, je nachdem, was zuerst endet.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Earlier</source>
   <translation>Früher</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Earlier summaries of {n} conversations of this source were carried over.</source>
   <translation>
    <numerusform>Die frühere Zusammenfassung von {n} Gespräch dieser Quelle wurde übernommen.</numerusform>
    <numerusform>Die früheren Zusammenfassungen von {n} Gesprächen dieser Quelle wurden übernommen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Edit</source>
   <translation>Bearbeiten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Empty summary</source>
   <translation>Leere Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Empty the trash…</source>
   <translation>Papierkorb leeren…</translation>
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
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Enter a hub id, choose files or a folder, paste text, or drop files here.</source>
   <translation>Geben Sie eine Hub-ID an, wählen Sie Dateien oder einen Ordner, fügen Sie Text ein, oder ziehen Sie Dateien hierher.</translation>
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
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Every conversation is accepted or skipped. Use the summaries for the next run, or review the skipped ones.</source>
   <translation>Jedes Gespräch ist angenommen oder übersprungen. Verwenden Sie die Zusammenfassungen für den nächsten Lauf, oder sehen Sie die übersprungenen durch.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Every conversation is accepted or skipped. Use the summaries for the next run.</source>
   <translation>Jedes Gespräch ist angenommen oder übersprungen. Verwenden Sie die Zusammenfassungen für den nächsten Lauf.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Everything Tunesmith needs is installed</source>
   <translation>Alles, was Tunesmith braucht, ist installiert</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/doctor/page.py" />
   <source>Everything Tunesmith needs is installed. {n} notices</source>
   <translation>
    <numerusform>Alles, was Tunesmith braucht, ist installiert. {n} Hinweis</numerusform>
    <numerusform>Alles, was Tunesmith braucht, ist installiert. {n} Hinweise</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>Everything is trained: the yardstick. A copy of the model.</source>
   <translation>Alles wird trainiert: der Maßstab. Eine Kopie des Modells.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Everywhere</source>
   <translation>Überall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Examples in the prompt</source>
   <translation>Beispiele im Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Examples shown</source>
   <translation>Gezeigte Beispiele</translation>
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
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Export the losses</source>
   <translation>Verluste exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Export the plot</source>
   <translation>Diagramm exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_controller.py" />
   <source>Export the summaries</source>
   <translation>Zusammenfassungen exportieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>Export the summaries rated good as training data</source>
   <translation>Die gut bewerteten Zusammenfassungen in eine Datei mit Trainingsdaten schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>Export these rows as CSV…</source>
   <translation>Diese Zeilen als CSV exportieren…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Export: choose where to create the folder</source>
   <translation>Exportieren: Ort für den neuen Ordner wählen</translation>
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
   <location filename="../../gui/pages/playground/batch_controller.py" />
   <source>Exported to {path}.</source>
   <translation>Nach {path} exportiert.</translation>
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
   <location filename="../../gui/models/run_table.py" />
   <source>Failed</source>
   <translation>Fehlgeschlagen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Failed at step {step}</source>
   <translation>Fehlgeschlagen bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Failed before the first step</source>
   <translation>Fehlgeschlagen vor dem ersten Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Failed {when}</source>
   <translation>Fehlgeschlagen {when}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Failed {when} at step {step} of {total}</source>
   <translation>Fehlgeschlagen {when} bei Schritt {step} von {total}</translation>
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
   <source>File, folder, or Hugging Face dataset</source>
   <translation>Eine Hub-ID, eine Datei oder ein Ordner mit einer Datei je Teil</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>File, folder, or owner/name on the hub</source>
   <translation>Datei, Ordner, oder Besitzer/Name auf dem Hub</translation>
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
   <source>Find out whether it writes better summaries than its base model.</source>
   <translation>Finden Sie heraus, ob er bessere Zusammenfassungen schreibt als sein Basismodell.</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
   <source>Fits in 4 bits (NF4)</source>
   <translation>Passt in 4 Bit (NF4)</translation>
  </message>
  <message>
   <location filename="../../gui/models/base_model_text.py" />
   <source>Fits in {format}</source>
   <translation>Passt in {format}</translation>
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
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>For chat exports: hours of silence before a new conversation starts.</source>
   <translation>Für Chatexporte: Stunden der Stille, nach denen ein neues Gespräch beginnt.</translation>
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
   <location filename="../../gui/pages/train/method_chooser.py" />
   <source>For the current settings of the method in use, and the presets of the others</source>
   <translation>Beim gewählten Verfahren mit seinen Einstellungen, bei den anderen mit denen, die sie bekämen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force</source>
   <translation>Erzwingen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force ends the run now. All training so far is lost.</source>
   <translation>„Erzwingen“ beendet den Lauf sofort und verliert das bisherige Training.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Force ends the run now. The steps after the checkpoint at step {step} are lost.</source>
   <translation>„Erzwingen“ beendet den Lauf sofort und verliert die Schritte nach dem Prüfpunkt bei Schritt {step}.</translation>
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
   <source>Four trained vectors before the words of the text</source>
   <translation>Vier trainierte Vektoren vor den Wörtern des Textes</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Fraction of differing words between the two most different adapter summaries</source>
   <translation>Anteil verschiedener Wörter zwischen den beiden unterschiedlichsten Zusammenfassungen der Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Fraction of differing words between the two summaries</source>
   <translation>Anteil verschiedener Wörter zwischen den beiden Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Free some disk space.</source>
   <translation>Schaffen Sie Platz auf der Festplatte.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Free space</source>
   <translation>Platz freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Free space…</source>
   <translation>Platz schaffen…</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Free {size}</source>
   <translation>{size} freigeben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Freed {size}.</source>
   <translation>{size} wurden entfernt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Frees the base model's memory. The next summary loads it again.</source>
   <translation>Gibt den Speicher des Basismodells frei. Die nächste Zusammenfassung lädt es wieder.</translation>
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
   <source>Go from the method search to the first match</source>
   <translation>Von der Verfahrenssuche zum ersten Treffer</translation>
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
   <location filename="../../gui/models/list_text.py" />
   <source>Higher</source>
   <translation>Höher</translation>
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
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import</source>
   <translation>Importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import an adapter from a folder</source>
   <translation>Adapter aus einem Ordner importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import an adapter from a zip file</source>
   <translation>Adapter aus einer ZIP-Datei importieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_operations.py" />
   <source>Import an adapter from the hub</source>
   <translation>Adapter vom Hub importieren</translation>
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
   <source>In a few minutes you will see the loss fall, read summaries as they get better, and know by how much. Everything stays on this computer.</source>
   <translation>Wenige Schritte, wenige Minuten. Sie sehen den Verlust fallen, lesen Zusammenfassungen, während sie besser werden, und wissen, um wie viel. Alles bleibt auf diesem Computer.</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/labelling/item_navigation.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Incompatible</source>
   <translation>Passt nicht</translation>
  </message>
  <message>
   <location filename="../../gui/forms/prompt_editor.py" />
   <source>Insert {place}</source>
   <translation>{place} einfügen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
   <source>Install Tunesmith again.</source>
   <translation>Installieren Sie Tunesmith neu.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Interval</source>
   <translation>Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>It ended early and can resume from its checkpoint.</source>
   <translation>Er endete vorzeitig und kann von seinem Prüfpunkt aus fortgesetzt werden.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>It is paused; its process keeps running without the window.</source>
   <translation>Er ist pausiert; sein Prozess läuft auch ohne das Fenster weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>It needs about {needed}, but only {available} is available.</source>
   <translation>Er braucht etwa {needed}, aber nur {available} sind verfügbar.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>It was not compared with the base model.</source>
   <translation>Er wurde nicht mit dem Basismodell verglichen.</translation>
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
   <source>JSON lines, a table with a header row, or an exported chat. The text is saved in your private folder.</source>
   <translation>JSON-Zeilen, eine Tabelle mit Kopfzeile oder ein exportierter Chat. Der Text wird in Ihrem privaten Ordner gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/desktop/checkpoint_cleanup.py" />
   <source>Keep</source>
   <translation>Behalten</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Keep training</source>
   <translation>Weitertrainieren</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
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
   <location filename="../../gui/core/preferences.py" />
   <source>Language</source>
   <translation>Sprache</translation>
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Learning rate</source>
   <translation>Lernrate</translation>
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
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Linear</source>
   <translation>Linear</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>List</source>
   <translation>Liste</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Lists base models and data there that no run needs.</source>
   <translation>Listet Basismodelle und Daten auf, die er behält und kein Lauf braucht.</translation>
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
   <location filename="../../gui/pages/library/serve_dialog.py" />
   <source>Loading the base model</source>
   <translation>Basismodell wird geladen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/choosers.py" />
   <source>Local folder…</source>
   <translation>Lokaler Ordner…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Log</source>
   <translation>Log</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_operations.py" />
   <source>Log of {run}</source>
   <translation>Protokoll von {run}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/item_navigation.py" />
   <source>Long conversations first; they are the hardest to summarise.</source>
   <translation>Lange Gespräche zuerst: Sie sind am schwersten zusammenzufassen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Longer than typical: {least} to {most}</source>
   <translation>Länger als üblich: {least} bis {most}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/item_navigation.py" />
   <source>Longest first</source>
   <translation>Längste zuerst</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>Looking for plans that fit.</source>
   <translation>Passende Pläne werden gesucht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/models/list_text.py" />
   <source>Lower</source>
   <translation>Niedriger</translation>
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
   <source>Make an adapter from the checkpoint at step {step}</source>
   <translation>Adapter aus dem Prüfpunkt bei Schritt {step} erstellen</translation>
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
   <source>Mean of {n} seeds. The interval covers seeds and conversations.</source>
   <translation>
    <numerusform>Mittelwert von {n} Startwert. Das Intervall erfasst Startwerte und Gespräche zusammen.</numerusform>
    <numerusform>Mittelwert von {n} Startwerten. Das Intervall erfasst Startwerte und Gespräche zusammen.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>Measuring…</source>
   <translation>Wird gemessen…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Memory</source>
   <translation>Speicher</translation>
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
   <location filename="../../gui/forms/form_layout.py" />
   <source>Method</source>
   <translation>Verfahren</translation>
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
   <source>Move to the trash, or remove from the list</source>
   <translation>In den Papierkorb, oder aus der Liste nehmen</translation>
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
   <source>Needs Tunesmith with Ray, started there with `tunesmith node start`.</source>
   <translation>Er braucht Tunesmith mit Ray, dort gestartet mit `tunesmith node start`.</translation>
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
   <location filename="../../gui/core/preferences.py" />
   <source>New runs, if the window crashes</source>
   <translation>Neue Läufe, wenn das Fenster abstürzt</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Newest summaries</source>
   <translation>Neueste Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Next</source>
   <translation>Weiter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Next conversation, leaving this one unchanged</source>
   <translation>Nächstes Gespräch, dieses unverändert lassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Next evaluation at step {step}</source>
   <translation>Nächste Bewertung bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
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
   <source>No adapters yet. Train one, or import one in the library.</source>
   <translation>Noch keine Adapter. Trainieren Sie einen, oder importieren Sie einen in der Bibliothek.</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/open_path.py" />
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
   <location filename="../../gui/pages/labelling/page.py" />
   <source>No conversations chosen yet</source>
   <translation>Noch keine Gespräche gewählt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>No conversations loaded</source>
   <translation>Noch keine Daten geprüft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>No conversations to summarise yet</source>
   <translation>Noch keine Gespräche zum Zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
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
   <location filename="../../gui/plots/scatter.py" />
   <source>No entry has been scored yet.</source>
   <translation>Noch kein Eintrag ist bewertet.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>No entry is measurably better than the base model</source>
   <translation>Kein Eintrag ist messbar besser als das Basismodell</translation>
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
   <location filename="../../gui/graphics/drawing.py" />
   <source>No measurable difference</source>
   <translation>Kein messbarer Unterschied</translation>
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
   <location filename="../../gui/models/run_table.py" />
   <source>No network</source>
   <translation>Kein Netz</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>No other computer yet</source>
   <translation>Noch kein anderer Computer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>No plan fits. Close other programs, or choose a smaller base model.</source>
   <translation>Kein Plan passt. Beenden Sie andere Programme, oder wählen Sie ein kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/findings_view.py" />
   <source>No problems found: no duplicates, no empty rows, no conversation in two splits.</source>
   <translation>Keine Befunde: kein Gespräch in zwei Teilen, nichts doppelt, keine leeren Zeilen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
   <source>No reference summary.</source>
   <translation>Keine Referenzzusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
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
   <source>None: the first is compared with its base model</source>
   <translation>Keine: Verglichen wird mit dem Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Not accepted yet. Saved as you type</source>
   <translation>Noch nicht angenommen. Beim Tippen gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Not accepted yet: {author}</source>
   <translation>Noch nicht angenommen: {author}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/library/metadata_panel.py" />
   <source>Not scored yet.</source>
   <translation>Noch nicht bewertet.</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Not started</source>
   <translation>Nicht gestartet</translation>
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
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Nothing found. Search the hub, or clear the field.</source>
   <translation>Keines davon. Suchen Sie auf dem Hub, oder leeren Sie das Feld.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Nothing is lost up to the &lt;b&gt;checkpoint at step {step}&lt;/b&gt;. Resume continues from there.</source>
   <translation>Bis zum &lt;b&gt;Prüfpunkt bei Schritt {step}&lt;/b&gt; ist nichts verloren. „Fortsetzen“ macht dort weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Nothing is lost: the run continues from the &lt;b&gt;checkpoint at step {step}&lt;/b&gt;.</source>
   <translation>Nichts ist verloren: Der Lauf geht vom &lt;b&gt;Prüfpunkt bei Schritt {step}&lt;/b&gt; aus weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Nothing is lost: you can resume the run at any time.</source>
   <translation>Nichts ist verloren: Sie können den Lauf jederzeit fortsetzen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Nothing is running.</source>
   <translation>Zurzeit rechnet nichts.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Nothing is trained, so the seed doesn't matter.</source>
   <translation>Ohne Training entscheidet kein Startwert etwas.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Nothing is waiting</source>
   <translation>Nichts wartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Nothing was trained yet, so nothing is lost. Recipe and log are saved.</source>
   <translation>Noch wurde nichts trainiert, also ist nichts verloren. Rezept und Protokoll sind gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Nothing was trained yet.</source>
   <translation>Noch wurde nichts trainiert.</translation>
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
   <source>On average, ROUGE-1 rose on {rose}, fell on {fell} and stayed the same on {stayed}.</source>
   <translation>Im Mittel stieg ROUGE-1 bei {rose}, fiel bei {fell}, blieb gleich bei {stayed}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>On disk</source>
   <translation>Auf Platte</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>On the slider above a run's summaries</source>
   <translation>Am Regler über den Zusammenfassungen eines Laufs</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <translation>Ein Prompt für alle Spalten statt dessen, mit dem jeder Adapter trainiert wurde</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Only differences</source>
   <translation>Nur Unterschiede</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>Only one job can run at a time. Wait for it to finish, or cancel it.</source>
   <translation>Es kann nur ein Auftrag laufen. Warten Sie, bis er fertig ist, oder brechen Sie ihn ab.</translation>
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
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Open alone</source>
   <translation>Einzeln öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_controller.py" />
   <source>Open conversations</source>
   <translation>Gespräche öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Open conversations in Data sets and choose “Write summaries”.</source>
   <translation>Öffnen Sie Gespräche unter „Datensätze“, und wählen Sie „Zusammenfassungen schreiben“.</translation>
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
   <location filename="../../gui/desktop/crash_report.py" />
   <source>Open log folder</source>
   <translation>Protokollordner öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Open page</source>
   <translation>Seite öffnen</translation>
  </message>
  <message>
   <location filename="../../gui/core/recent_files.py" />
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
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>Open the window log folder</source>
   <translation>Ordner des Fensterprotokolls öffnen</translation>
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
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>Optimizer</source>
   <translation>Optimierer</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Order</source>
   <translation>Reihenfolge</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Origin</source>
   <translation>Herkunft</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/item_navigation.py" />
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
   <location filename="../../gui/pages/playground/batch.py" />
   <source>Other summaries needed the model. Finished summaries are saved.</source>
   <translation>Der Arbeitsprozess wurde für andere Zusammenfassungen gebraucht. Fertige Zusammenfassungen bleiben erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Out of memory</source>
   <translation>Speicher voll</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Out of memory at step {step}</source>
   <translation>Kein Speicher mehr bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Out of memory before the first step</source>
   <translation>Kein Speicher mehr vor dem ersten Schritt</translation>
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
   <source>Paste one, drop a text file, or pick a sample.</source>
   <translation>Fügen Sie eines ein, ziehen Sie eine Textdatei hierher, oder wählen Sie ein Beispiel.</translation>
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
   <source>Pause and keep the model loaded, to continue instantly</source>
   <translation>Pausieren und Modell geladen lassen: geht sofort weiter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Pause and release memory: saves a checkpoint, then ends the process</source>
   <translation>Pausieren und Gerät freigeben: speichert einen Prüfpunkt, dann endet der Arbeitsprozess</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Pause it to try summaries now, or wait until it ends.</source>
   <translation>Pausieren Sie ihn, um jetzt Zusammenfassungen zu versuchen, oder warten Sie, bis er endet.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Pause it to try summaries now, or wait {time}.</source>
   <translation>Pausieren Sie ihn, um jetzt Zusammenfassungen zu versuchen, oder warten Sie {time}.</translation>
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
   <location filename="../../gui/models/run_table.py" />
   <source>Paused</source>
   <translation>Pausiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Paused at step {step} of {total}. The device is free.</source>
   <translation>Pausiert bei Schritt {step} von {total}, und das Gerät ist frei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Paused {when} at step {step} of {total}. The device is free</source>
   <translation>Pausiert {when} bei Schritt {step} von {total}. Das Gerät ist frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Paused {when}. The device is free</source>
   <translation>Pausiert {when}. Das Gerät ist frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Pausing after the current step, then saving a checkpoint</source>
   <translation>Wird pausiert. Erst endet der laufende Schritt, dann wird ein Prüfpunkt gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Peak memory</source>
   <translation>Speicherspitze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
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
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Plain prompt</source>
   <translation>Einfacher Prompt</translation>
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Precision</source>
   <translation>Genauigkeit</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Preferred</source>
   <translation>Bevorzugt</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Preferred in {mean} of blind votes, interval {low} to {high}: {wins} won, {ties} tied, {losses} lost</source>
   <translation>In {mean} der Blindstimmen einem anderen System vorgezogen, Intervall {low} bis {high}: {wins} gewonnen, {ties} gleich gut, {losses} verloren</translation>
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
   <location filename="../../gui/pages/data/row_view.py" />
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
   <source>Quit (asks while a run is training)</source>
   <translation>Beenden (fragt nach, solange ein Lauf trainiert)</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>ROUGE-1 changed by &lt;b&gt;{points} points&lt;/b&gt;</source>
   <translation>ROUGE-1 änderte sich um &lt;b&gt;{points} Punkte&lt;/b&gt;</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>ROUGE-1 differs by &lt;b&gt;{points} points&lt;/b&gt;, {interval}.</source>
   <translation>ROUGE-1 unterscheidet sich um &lt;b&gt;{points} Punkte&lt;/b&gt;, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>ROUGE-1 fell by &lt;b&gt;{points} points&lt;/b&gt;</source>
   <translation>ROUGE-1 fiel um &lt;b&gt;{points} Punkte&lt;/b&gt;</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>ROUGE-1 of the base {base}, gains {least} to {most}</source>
   <translation>ROUGE-1 der Basis {base}, Gewinn {least} bis {most}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/plots/loss_plot.py" />
   <source>ROUGE-1 of the summaries of the first {n} conversations of the validation split</source>
   <translation>
    <numerusform>ROUGE-1 der Zusammenfassung des ersten Gesprächs im Validierungsteil</numerusform>
    <numerusform>ROUGE-1 der Zusammenfassungen der ersten {n} Gespräche im Validierungsteil</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>ROUGE-1 on {count}</source>
   <translation>ROUGE-1 auf {count}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>ROUGE-1 rose by &lt;b&gt;{points} points&lt;/b&gt;</source>
   <translation>ROUGE-1 stieg um &lt;b&gt;{points} Punkte&lt;/b&gt;</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>ROUGE-1 rose on {rose}, fell on {fell} and stayed the same on {stayed}.</source>
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
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>ROUGE-1 {score} ({interval})</source>
   <translation>ROUGE-1 {score} ({interval})</translation>
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
   <location filename="../../gui/pages/labelling/panes.py" />
   <source>Read more conversations from a file into this set</source>
   <translation>Weitere Gespräche aus einer Datei in diese Sammlung lesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Reading scores</source>
   <translation>Wertungen werden gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_controller.py" />
   <source>Reading the conversations</source>
   <translation>Gespräche werden gelesen</translation>
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
   <location filename="../../gui/pages/labelling/page.py" />
   <source>Reading {name}</source>
   <translation>{name} wird gelesen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Reading {name} …</source>
   <translation>{name} wird gelesen …</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/models/run_table.py" />
   <source>Recipe problem</source>
   <translation>Rezeptproblem</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/workers/engine_thread.py" />
   <source>Resume continues from the last checkpoint.</source>
   <translation>„Fortsetzen“ macht beim letzten Prüfpunkt weiter.</translation>
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Revision</source>
   <translation>Revision</translation>
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
   <location filename="../../gui/pages/playground/page.py" />
   <source>Row {id}</source>
   <translation>Zeile {id}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
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
   <source>Rows of inputs, one for each step: every step drops different inputs</source>
   <translation>Reihen von Eingaben, eine je Schritt: Jeder Schritt lässt andere Eingaben aus</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Rows over both limits count twice until you check the data again.</source>
   <translation>Zeilen über beiden Grenzen zählen doppelt, bis die Daten erneut geprüft sind.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Rows that can't be read</source>
   <translation>Nicht lesbare Zeilen</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Running on another computer; last update {when}</source>
   <translation>Läuft auf einem anderen Computer weiter, verfolgt bis {when}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Running on another computer; last update {when} at step {step} of {total}</source>
   <translation>Läuft auf einem anderen Computer weiter, verfolgt bis {when} bei Schritt {step} von {total}</translation>
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
   <location filename="../../gui/models/list_text.py" />
   <source>Sample conversations</source>
   <translation>Beispielgespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>Sample summaries</source>
   <translation>Beispielzusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Sample {id}</source>
   <translation>Beispiel {id}</translation>
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
   <location filename="../../gui/core/preferences.py" />
   <source>Save and stop</source>
   <translation>Sichern und stoppen</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Save as CSV…</source>
   <translation>Als CSV speichern…</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Save as PNG…</source>
   <translation>Als PNG speichern…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
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
   <source>Save the loss</source>
   <translation>Verlust speichern</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Save the losses</source>
   <translation>Verluste speichern</translation>
  </message>
  <message>
   <location filename="../../gui/plots/loss_plot.py" />
   <source>Save the plot</source>
   <translation>Diagramm speichern</translation>
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
   <translation>Als {place} gespeichert: Jede Zusammenfassung kommt in das leere „prediction“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Saved step</source>
   <translation>Gespeicherter Schritt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Saved with each vote, so that votes of several people can be combined.</source>
   <translation>Wird mit jeder Stimme gespeichert, damit die Stimmen mehrerer Personen zusammengezählt werden können.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Scale</source>
   <translation>Skalierung</translation>
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
   <source>Scores another system's summaries (a cloud model, a colleague, an older adapter) on this arena's conversations, against the same base model. Use a table with a column of summaries and a column "id", or a text file with one summary per line in the order of the conversations.</source>
   <translation>Bewertet die Zusammenfassungen eines anderen Systems (ein Modell in der Cloud, eine Kollegin, ein älterer Adapter) auf den Gesprächen dieser Arena, gegen dasselbe Basismodell: eine Tabelle mit den Spalten Zusammenfassung und „id“, oder ein Text mit einer Zusammenfassung je Zeile in der Reihenfolge der Gespräche.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>Scores, each bar from 0 to 100</source>
   <translation>Werte, jeder Balken von 0 bis 100</translation>
  </message>
  <message>
   <location filename="../../gui/forms/form_layout.py" />
   <source>Scoring</source>
   <translation>Bewertung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>Scoring order</source>
   <translation>Wie bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Scoring the base model</source>
   <translation>Basismodell wird bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Scoring the prompt</source>
   <translation>Prompt wird bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Scoring the tuned model</source>
   <translation>Trainiertes Modell wird bewertet</translation>
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
   <location filename="../../gui/shell/shortcuts_sheet.py" />
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Seed</source>
   <translation>Startwert</translation>
  </message>
  <message>
   <location filename="../../gui/shell/menu_bar.py" />
   <source>Select all</source>
   <translation>Alles auswählen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>Select two or more entries in the table above.</source>
   <translation>Wählen Sie in der Tabelle oben zwei oder mehr Einträge.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Select two to six adapters, with Ctrl or Shift</source>
   <translation>Zwei bis sechs Adapter auswählen, mit Strg oder Umschalt</translation>
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
   <location filename="../../gui/app.py" />
   <source>Set TUNESMITH_HOME to another folder.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen anderen Ordner.</translation>
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
   <source>Settings are locked while training</source>
   <translation>Schreibgeschützt, solange dieser Lauf trainiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>Settings can't be changed while this run is open</source>
   <translation>Schreibgeschützt, solange dieser Lauf offen ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Settings of a waiting run can't be changed</source>
   <translation>Schreibgeschützt, solange dieser Lauf wartet</translation>
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
   <location filename="../../gui/pages/arena/charts.py" />
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
   <location filename="../../gui/pages/train/page_header.py" />
   <source>Shown</source>
   <translation>Gezeigt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>Shows the names and results. You can continue voting later.</source>
   <translation>Namen und Ergebnisse erscheinen. Sie können später weiter abstimmen.</translation>
  </message>
  <message>
   <location filename="../../gui/shell/rooms.py" />
   <source>Side by side, by conversation, blind comparison, blind votes</source>
   <translation>Nebeneinander, nach Gespräch, Blindvergleich, blinde Stimmen</translation>
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
   <source>Skipped a folder that isn't an adapter: {reason} and {n} more.</source>
   <translation>
    <numerusform>Ein Ordner der Bibliothek ist kein Adapter: {reason}, und {n} weiterer.</numerusform>
    <numerusform>Ein Ordner der Bibliothek ist kein Adapter: {reason}, und {n} weitere.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Skipped a folder that isn't an adapter: {reason}.</source>
   <translation>Ein Ordner der Bibliothek ist kein Adapter: {reason}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>Skipped, not part of the data set</source>
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
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>Smallest adapter not measurably worse than it: {name}, {count}.</source>
   <translation>Mit den wenigsten trainierbaren Parametern nicht schlechter als diese: {name}, {count}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/charts.py" />
   <source>Smoothing</source>
   <translation>Glättung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/page.py" />
   <source>Some decoding options are invalid; see their fields.</source>
   <translation>Die Optionen der Dekodierung haben Probleme; sie stehen neben ihren Feldern.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/page.py" />
   <source>Some settings are invalid; see their fields.</source>
   <translation>Das Rezept hat Probleme; sie stehen neben seinen Feldern.</translation>
  </message>
  <message>
   <location filename="../../gui/desktop/crash_report.py" />
   <source>Something went wrong: {error}. Your runs aren't affected.</source>
   <translation>Etwas ist schiefgegangen: {error}. Läufe arbeiten in ihren eigenen Prozessen weiter.</translation>
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
  <message>
   <location filename="../../gui/pages/data/page_layout.py" />
   <source>Split</source>
   <translation>Teil</translation>
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
   <source>Standard deviation of the seeds' means {spread}: {scores}.</source>
   <translation>Standardabweichung der Mittelwerte der Startwerte {spread}: {scores}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>Start</source>
   <translation>Starten</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Start a run with the recipe shown</source>
   <translation>Lauf mit dem gezeigten Rezept starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>Start again</source>
   <translation>Neu starten</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_notices.py" />
   <source>Start again with this plan</source>
   <translation>Mit diesem Plan neu starten</translation>
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
   <translation>Starten Sie die Warteschlange. Jeder Eintrag erscheint hier, sobald sein Lauf beendet ist.</translation>
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
   <location filename="../../gui/pages/data/checker.py" />
   <source>Starting</source>
   <translation>Wird gestartet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>Starting the worker</source>
   <translation>Arbeitsprozess startet</translation>
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
   <location filename="../../gui/dialogs/quit_dialog.py" />
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
   <location filename="../../gui/models/run_table.py" />
   <source>Stopped</source>
   <translation>Gestoppt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Stopped at step {step} of {total}.</source>
   <translation>Gestoppt bei Schritt {step} von {total}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Stopped {when}</source>
   <translation>Gestoppt {when}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Stopped {when} at step {step} of {total}</source>
   <translation>Gestoppt {when} bei Schritt {step} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>Stopped. A prompt is saved only after scoring.</source>
   <translation>Gestoppt. Ein Prompt wird gespeichert, nachdem er bewertet ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Stopping after the current step, then saving everything</source>
   <translation>Wird gestoppt. Erst endet der laufende Schritt, dann wird alles gespeichert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Storage</source>
   <translation>Speicher</translation>
  </message>
  <message>
   <location filename="../../gui/models/run_table.py" />
   <source>Storage problem</source>
   <translation>Speicherproblem</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Summaries ({endings});;All files (*)</source>
   <translation>Zusammenfassungen ({endings});;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/summaries_form.py" />
   <source>Summaries from a file for {arena}</source>
   <translation>Zusammenfassungen aus einer Datei für {arena}</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Summaries of a later step</source>
   <translation>Zusammenfassungen eines späteren Schritts</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Summaries of an earlier step</source>
   <translation>Zusammenfassungen eines früheren Schritts</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Summaries of the base model</source>
   <translation>Zusammenfassungen des Basismodells</translation>
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
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Summarise in parts</source>
   <translation>In Teilen zusammenfassen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Summarise it in the playground</source>
   <translation>In der Werkbank zusammenfassen</translation>
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
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Summarises parts that fit the limit, then their summaries. Otherwise the end is cut off.</source>
   <translation>Teile zusammenfassen, die in die Grenze passen, und dann deren Zusammenfassungen. Sonst wird das Ende abgeschnitten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>Summarising</source>
   <translation>Wird zusammengefasst</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Summary</source>
   <translation>Zusammenfassung</translation>
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
   <location filename="../../gui/pages/compare/page.py" />
   <source>System</source>
   <translation>System</translation>
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
   <location filename="../../gui/pages/playground/picker.py" />
   <source>Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;All files (*)</source>
   <translation>Texte und Mitschriften (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;Alle Dateien (*)</translation>
  </message>
  <message>
   <location filename="../../gui/core/preferences.py" />
   <source>Text size</source>
   <translation>Schriftgröße</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>The PEFT method: which parameters are trained, and how.</source>
   <translation>Das PEFT-Verfahren: welche Parameter wie trainiert werden.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>The adapter</source>
   <translation>Der Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_view.py" />
   <source>The adapter contains the training up to this step.</source>
   <translation>Der Adapter enthält das Training bis zu diesem Schritt.</translation>
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
   <location filename="../../gui/pages/train/run_list.py" />
   <source>The adapter {adapter} was created from the checkpoint.</source>
   <translation>Der Adapter {adapter} wurde aus dem Prüfpunkt erstellt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>The base model is scored first, so you will see the gain.</source>
   <translation>Das Basismodell wird zuerst bewertet, damit Sie sehen, was gewonnen wurde.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>The base model was scored in its own chat format, the better of two formats.</source>
   <translation>Das Basismodell wurde in seinem eigenen Chat-Format bewertet, dem besseren von zwei Formaten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>The base model was scored with a plain prompt, the better of two formats.</source>
   <translation>Das Basismodell wurde mit dem einfachen Prompt bewertet, dem besseren von zwei Formaten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
   <source>The bundled conversations are missing.</source>
   <translation>Die mitgelieferten Gespräche fehlen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>The check needs to download files.</source>
   <translation>Die Prüfung lädt herunter, was noch nicht auf diesem Computer ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column or key with a turn's speaker.</source>
   <translation>Die Spalte oder der Schlüssel eines Beitrags, in dem der Sprecher steht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column or key with a turn's text.</source>
   <translation>Die Spalte oder der Schlüssel eines Beitrags, in dem sein Text steht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with each example's id.</source>
   <translation>Die Spalte mit der ID jedes Beispiels.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with each row's conversation id.</source>
   <translation>Die Spalte mit der Gesprächs-ID jeder Zeile.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The column with each row's split.</source>
   <translation>Die Spalte mit dem Teil jeder Zeile.</translation>
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
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>The encoding of text files. Check the first rows below.</source>
   <translation>Die Zeichenkodierung von Textdateien. Die ersten Zeilen zeigen, was sie ergibt.</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>The first is better</source>
   <translation>Die erste ist besser</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>The first rows. The others are being read.</source>
   <translation>Dies sind die ersten Zeilen. Die übrigen werden gelesen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/page.py" />
   <source>The first rows. The others couldn't be read.</source>
   <translation>Dies sind die ersten Zeilen. Die übrigen waren nicht lesbar.</translation>
  </message>
  <message>
   <location filename="../../gui/widgets/text_view.py" />
   <source>The first {most} of {count} characters are shown.</source>
   <translation>Gezeigt werden die ersten {most} von {count} Zeichen.</translation>
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
   <source>The guide takes about five minutes, with sample conversations or your own.</source>
   <translation>Die Einführung dauert etwa fünf Minuten, mit Beispielgesprächen oder eigenen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>The guide trains a small model on sample conversations and shows its summaries before and after.
Or start with your own conversations.</source>
   <translation>Die Einführung trainiert ein kleines Modell mit Beispielgesprächen und zeigt seine Zusammenfassungen vorher und nachher.
Oder beginnen Sie mit eigenen Gesprächen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/history.py" />
   <source>The history can't be saved: {why}.</source>
   <translation>Der Verlauf lässt sich nicht speichern: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>The hub has no text-generating model of this name.</source>
   <translation>Der Hub findet kein Modell dieses Namens, das Text schreibt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>The learning rate rises during warm-up, then falls linearly or along a cosine, or stays constant</source>
   <translation>Die Lernrate steigt beim Aufwärmen; dann fällt sie linear oder entlang eines Kosinus, oder sie bleibt gleich</translation>
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
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>The name has {count} characters.</source>
   <translation>Der Name hat {count} Zeichen.</translation>
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
   <source>The other entries are compared with this one.</source>
   <translation>Die anderen Einträge werden damit verglichen.</translation>
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
   <location filename="../../gui/pages/labelling/page.py" />
   <source>The playground has no conversations yet. Summarise one there first.</source>
   <translation>Die Werkbank enthält noch keine Gespräche. Fassen Sie dort zuerst eines zusammen.</translation>
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
   <source>The practice model is for learning the app. For real work, choose a real model.</source>
   <translation>Das Übungsmodell ist zum Kennenlernen der App. Für echte Arbeit nehmen Sie ein richtiges Modell.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>The quantized layers take {bits} bits per parameter, scales included.</source>
   <translation>Die quantisierten Schichten brauchen {bits} Bit je Parameter, Skalen inbegriffen.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>The queue can't be saved: {reason}.</source>
   <translation>Die Warteschlange kann nicht gespeichert werden: {reason}.</translation>
  </message>
  <message>
   <location filename="../../gui/main_window.py" />
   <source>The queue stays paused; its entries are kept.</source>
   <translation>Die Warteschlange bleibt angehalten. Was darin wartet, bleibt erhalten.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>The recipe and its batch size stay the same.</source>
   <translation>Das Rezept bleibt gleich, und jeder Schritt verwendet die gewählte Batchgröße.</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/run_text.py" />
   <source>The recipe excludes {n} conversations.</source>
   <translation>
    <numerusform>{n} Gespräch ist durch das Rezept ausgeschlossen.</numerusform>
    <numerusform>{n} Gespräche sind durch das Rezept ausgeschlossen.</numerusform>
   </translation>
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
   <location filename="../../gui/pages/arena/arena_operations.py" />
   <source>The recipe on the Train page has problems. Fix them first.</source>
   <translation>Das Rezept auf der Seite „Trainieren“ ist fehlerhaft. Beheben Sie das zuerst dort.</translation>
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
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run continues on another computer.</source>
   <translation>Der Lauf geht auf einem anderen Computer weiter.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>The run ended before its first step.</source>
   <translation>Der Lauf endete vor seinem ersten Schritt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run has crashed.</source>
   <translation>Der Lauf ist abgestürzt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run has failed.</source>
   <translation>Der Lauf ist fehlgeschlagen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run has stopped.</source>
   <translation>Der Lauf ist gestoppt.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run is completed.</source>
   <translation>Der Lauf ist abgeschlossen.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>The run is paused at step {step} of {total}. Nothing is lost.</source>
   <translation>Der Lauf pausiert bei Schritt {step} von {total}. Nichts geht verloren.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run is paused.</source>
   <translation>Der Lauf pausiert.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>The run isn't responding.</source>
   <translation>Der Lauf ist nicht erreichbar.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>The run pauses after the current step; then the summaries start.</source>
   <translation>Der Lauf pausiert nach dem laufenden Schritt. Dann folgen die Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_fields.py" />
   <source>The same with the model in 4 bits: for large models.</source>
   <translation>Dasselbe mit dem Modell in 4 Bit: für große Modelle.</translation>
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
   <source>The saved queue can't be read. It was moved to {path}.</source>
   <translation>Was in der Warteschlange wartete, ist nicht lesbar. Es wurde unter {path} beiseitegelegt.</translation>
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
   <source>The smallest adapter. Worth a try with little data.</source>
   <translation>Der kleinste Adapter. Bei wenigen Daten einen Versuch wert.</translation>
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
   <source>The training loss falls; the validation loss falls too and then rises again</source>
   <translation>Der Trainingsverlust fällt; der Validierungsverlust fällt auch und steigt dann wieder</translation>
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
   <location filename="../../gui/pages/playground/controller.py" />
   <source>The worker ended before this summary was finished.</source>
   <translation>Der Arbeitsprozess endete, bevor diese Zusammenfassung fertig war.</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <source>Then a checkpoint and the adapter are saved.</source>
   <translation>Dann werden ein Prüfpunkt und der Adapter gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>There is a preset "{name}" already.</source>
   <translation>Es gibt schon eine Vorlage „{name}“.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/controller.py" />
   <source>There is no conversation yet. Paste one, open a file, or pick a sample.</source>
   <translation>Es gibt noch kein Gespräch. Fügen Sie eines ein, öffnen Sie eine Datei, oder wählen Sie ein Beispiel.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>There is nothing else to compare with</source>
   <translation>Es gibt nichts anderes zum Vergleichen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>There was no checkpoint yet. Recipe, curve and log are saved.</source>
   <translation>Es gab noch keinen Prüfpunkt. Rezept, Kurve und Protokoll sind gespeichert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/scores_view.py" />
   <source>These scores aren't comparable: conversations, decoding or base model differ. Compare each with its own base model.</source>
   <translation>Diese Werte lassen sich nicht miteinander vergleichen: Gespräche, Dekodierung oder Basismodell unterscheiden sich. Vergleichbar ist jeder nur mit seinem eigenen Basismodell.</translation>
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
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>They are kept of runs that are scored to their end, on the same conversations.</source>
   <translation>Sie gibt es von Läufen, die mit denselben Gesprächen zu Ende bewertet sind.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>They are part of the prompt, so uploading needs them.</source>
   <translation>Sie gehören zum Prompt: Ohne sie kann nichts gesendet werden.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>They share the base model, data, prompt, scoring and seed of the existing entries.</source>
   <translation>Sie teilen Basismodell, Daten, Prompt, Bewertung und Startwert der vorhandenen Einträge.</translation>
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
   <location filename="../../gui/pages/data/row_view.py" />
   <source>This limit cuts about {lost} of {turns} turns</source>
   <translation>Bei dieser Grenze verloren: etwa {lost} von {turns} Beiträgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
   <source>This limit cuts {lost} of {turns} turns</source>
   <translation>Bei dieser Grenze verloren: {lost} von {turns} Beiträgen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
   <source>This limit cuts {lost} of {turns} turns, the first one partly</source>
   <translation>Bei dieser Grenze verloren: {lost} von {turns} Beiträgen, der erste davon zum Teil</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>This needs to download files.</source>
   <translation>Dafür wird heruntergeladen, was noch nicht auf diesem Computer ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>This prompt</source>
   <translation>Dieser Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>This run is sent to {where}, along with: {parts}.</source>
   <translation>Dieser Lauf geht an {where}, mit dem, was dort noch nicht ist: {parts}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>This run is sent to {where}. None of your conversations leave this computer.</source>
   <translation>Dieser Lauf geht an {where}. Von Ihren Gesprächen verlässt keines diesen Computer.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/content_pane.py" />
   <source>This run needs more memory than is available</source>
   <translation>Dieser Lauf braucht mehr Speicher, als verfügbar ist</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>This run needs to download files.</source>
   <translation>Dieser Lauf lädt herunter, was noch nicht auf diesem Computer ist.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>This version of Tunesmith can't run this task.</source>
   <translation>Diese Version von Tunesmith kennt diese Aufgabe nicht.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Three intervals of a difference: right of zero is better, across zero is no measurable difference, left of zero is worse</source>
   <translation>Drei Intervalle eines Unterschieds: rechts der Null besser, über der Null kein messbarer Unterschied, links der Null schlechter</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Tie</source>
   <translation>Gleich gut</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Time</source>
   <translation>Zeit</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Too few conversations to tell</source>
   <translation>Zu wenige Gespräche für ein Urteil</translation>
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
   <source>Train an adapter first. Its summaries are then compared without names.</source>
   <translation>Trainieren Sie zuerst einen Adapter. Seine Zusammenfassungen werden dann ohne Namen verglichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Train an adapter, then compare it with its base model here: scores, summaries and blind votes.</source>
   <translation>Trainieren Sie einen Adapter und vergleichen Sie ihn dann hier mit seinem Basismodell: Wertungen, Zusammenfassungen und blinde Stimmen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>Train another adapter, or import one.</source>
   <translation>Trainieren Sie einen weiteren Adapter, oder importieren Sie einen.</translation>
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
   <source>Train one, or import a folder or zip file.</source>
   <translation>Trainieren Sie einen, oder importieren Sie einen Ordner oder eine ZIP-Datei.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Train runs and arenas on a computer with a better GPU, or on a cluster. You see what is sent before it is sent; the results come back as if trained here.</source>
   <translation>Trainieren Sie Läufe und Arenen auf einem Computer mit einer besseren GPU oder auf einem Cluster. Sie sehen vorher, was gesendet wird; die Ergebnisse kommen zurück, als wären sie hier entstanden.</translation>
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
   <location filename="../../gui/models/arena_table.py" />
   <source>Trainable</source>
   <translation>Trainierbar</translation>
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
   <source>Trained parts</source>
   <translation>Trainierte Teile</translation>
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
   <location filename="../../gui/forms/form_layout.py" />
   <source>Training</source>
   <translation>Training</translation>
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
   <source>Training time in minutes, not counting loading and scoring.</source>
   <translation>Trainingszeit in Minuten, ohne Laden und Bewerten.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>Training, min</source>
   <translation>Training, min</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/entries_form.py" />
   <source>Trains each method once per seed. The table shows mean, spread, and an interval over seeds and conversations. Three are a good start.</source>
   <translation>Trainiert jedes Verfahren einmal mit jedem Startwert: Die Tabelle zeigt Mittelwert, Streuung und ein Intervall über Startwerte und Gespräche. Drei sind ein guter Anfang.</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Truncated summaries</source>
   <translation>Abgeschnittene Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Try</source>
   <translation>Versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>Try again</source>
   <translation>Noch einmal versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/checker.py" />
   <source>Try again.</source>
   <translation>Versuchen Sie es noch einmal.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Try another word, or part of one.</source>
   <translation>Versuchen Sie ein anderes Wort oder einen Teil davon.</translation>
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
   <location filename="../../gui/pages/data/row_view.py" />
   <source>Try it in the playground</source>
   <translation>In der Werkbank versuchen</translation>
  </message>
  <message>
   <location filename="../../gui/models/example_table.py" />
   <source>Tuned</source>
   <translation>Trainiert</translation>
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
   <location filename="../../gui/pages/train/base_models_view.py" />
   <source>Tunesmith is offline.</source>
   <translation>Tunesmith ist offline.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>Tunesmith will quit when the run has stopped.</source>
   <translation>Tunesmith endet, sobald der Lauf gestoppt ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/report.py" />
   <source>Turn texts and speakers in parallel lists</source>
   <translation>Beitragstexte und Sprecher in parallelen Listen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/page.py" />
   <source>Two thin matrices at rank 1, 4 and 16: the higher the rank, the thicker both</source>
   <translation>Zwei dünne Matrizen bei Rang 1, 4 und 16: je höher der Rang, desto dicker beide</translation>
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
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>Unknown</source>
   <translation>Unbekannt</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>Unreachable</source>
   <translation>Nicht erreichbar</translation>
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
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Use at most {most}.</source>
   <translation>Verwenden Sie höchstens {most}.</translation>
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
   <source>Use the last turn of each conversation as its summary.</source>
   <translation>Den letzten Beitrag jedes Gesprächs als dessen Zusammenfassung verwenden.</translation>
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
   <source>View them in Data sets</source>
   <translation>In „Datensätze“ ansehen</translation>
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
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>Votes on this pair: {wins} for {first}, {losses} for {second}, {ties} ties.</source>
   <translation>Stimmen zu diesem Paar: {wins} für {first}, {losses} für {second}, {ties} für keines.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_lock.py" />
   <source>Wait for it to finish, or stop it in the queue.</source>
   <translation>Warten Sie das Ende ab, oder stoppen Sie es in der Warteschlange.</translation>
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
   <source>Weights: frozen parameters of the base model.
Adapter: parameters that the method adds.
Gradients, optimizer: their state for each trained parameter.
Activations: stored for the backward pass of the largest batch.
Program: Python and its libraries.</source>
   <translation>Gewichte: die eingefrorenen Parameter des Basismodells.
Adapter: die Parameter, die das Verfahren hinzufügt.
Gradienten, Optimierer: deren Zustand je trainiertem Parameter.
Aktivierungen: vom Vorwärtsdurchlauf des größten Batches für den Rückwärtsdurchlauf gespeichert.
Programm: Python und seine Bibliotheken.</translation>
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
   <location filename="../../gui/pages/data/column_mapping.py" />
   <source>What a list in the summary column means.</source>
   <translation>Was eine Liste in der Spalte der Zusammenfassung ist.</translation>
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
   <location filename="../../gui/dialogs/settings_dialog.py" />
   <source>What new runs do if the window crashes or you log out. A recipe can override this. Closing the window asks first.</source>
   <translation>Was neue Läufe tun, wenn das Fenster abstürzt oder die Sitzung endet. Ein Rezept kann es anders festlegen. Beim Schließen des Fensters wird gefragt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/recipe_panel.py" />
   <source>What the model reads and learns to write</source>
   <translation>Eingabe des Modells und Label-Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>What you delete can be restored from here.</source>
   <translation>Was gelöscht wird, lässt sich von hier wiederherstellen.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/trash_dialog.py" />
   <source>What you delete stays here for {days} days.</source>
   <translation>Was gelöscht wird, bleibt {days} Tage hier.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>What you want to do</source>
   <translation>Was Sie vorhaben</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/queue_dialog.py" />
   <source>Whatever you start while something is running waits here.</source>
   <translation>Was Sie starten, während etwas rechnet, wartet hier, bis es an der Reihe ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>Where</source>
   <translation>Wo</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Where checkpoints and results are stored. Empty: a private folder on the head. Otherwise a path that all nodes share, or an address such as s3://.</source>
   <translation>Wo Checkpoints und Ergebnisse liegen: leer für einen privaten Ordner auf dem Kopfrechner, ein Pfad, den alle Knoten sehen, oder eine Adresse wie s3://.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>Where it goes</source>
   <translation>Wohin es geht</translation>
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
   <source>Who wants what, what was agreed, and what is still open</source>
   <translation>Wer was möchte, was vereinbart wurde und was noch offen ist</translation>
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
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>With {count} summaries a run learns little, and one test conversation can't show a gain. They may help right away as examples in the prompt (Prompt only).</source>
   <translation>Aus {count} Zusammenfassungen lernt ein Lauf wenig, und ein einziges Testgespräch kann keinen Gewinn zeigen. Als Beispiele im Prompt („Nur Prompt“) können sie sofort helfen.</translation>
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
   <location filename="../../gui/graphics/drawing.py" />
   <source>Worse</source>
   <translation>Schlechter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Worse than the base model</source>
   <translation>Schlechter als das Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>Worse than the plain prompt</source>
   <translation>Schlechter als der einfache Prompt</translation>
  </message>
  <message>
   <location filename="../../gui/core/actions.py" />
   <source>Write a note</source>
   <translation>Notiz schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Write a summary of this conversation, starting from drafts</source>
   <translation>Eine Zusammenfassung dieses Gesprächs schreiben, mit Entwürfen als Anfang</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>Write it</source>
   <translation>Schreiben</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/decoding_row.py" />
   <source>Write one.</source>
   <translation>Geben Sie einen ein.</translation>
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
   <location filename="../../gui/pages/welcome/page.py" />
   <source>You can compare others in the arena later.</source>
   <translation>Alle anderen können Sie später in der Arena vergleichen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>You can stop and continue at any time, and vote on more pairs at the end.</source>
   <translation>Sie können jederzeit aufhören, später weitermachen und am Ende über mehr Paare abstimmen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>You have no runs there.</source>
   <translation>Nichts von Ihnen ist dort.</translation>
  </message>
  <message>
   <location filename="../../gui/workers/download_prompt.py" />
   <source>You have to accept its licence first.</source>
   <translation>Der Besitzer verlangt zuerst eine Zustimmung.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/votes_view.py" />
   <source>You see a conversation and two summaries in random order, without names. Choose the better one with 1 or 2, or = for a tie. Names are revealed at the end.</source>
   <translation>Sie sehen ein Gespräch und zwei Zusammenfassungen ohne Namen, in zufälliger Reihenfolge. Sie wählen die bessere mit den Tasten 1 und 2, oder = wenn beide gleich gut sind. Die Namen erscheinen am Ende.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/import_export.py" />
   <source>You see all files before they are uploaded. The hub needs a token: run `hf auth login` once.</source>
   <translation>Nichts wird gesendet, bevor Sie alles gesehen haben. Der Hub verlangt ein Token: Führen Sie einmal `hf auth login` aus.</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/quit_dialog.py" />
   <source>You will see it again when you reopen Tunesmith.</source>
   <translation>Tunesmith zeigt ihn wieder, sobald Sie das Fenster erneut öffnen.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/cards.py" />
   <source>Your adapter</source>
   <translation>Ihr Adapter</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/page.py" />
   <source>Your conversations</source>
   <translation>Eigene Gespräche</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>Your copy of the token file that `tunesmith node start` prints.</source>
   <translation>Eine Kopie auf diesem Computer von der Datei, die `tunesmith node start` nennt.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/home/page.py" />
   <source>Your first adapter takes about five minutes</source>
   <translation>Ihr erster Adapter dauert etwa fünf Minuten</translation>
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
   <location filename="../../gui/pages/library/library_text.py" />
   <source>Your trained and imported adapters are saved here</source>
   <translation>Hier liegen Ihre trainierten und importierten Adapter</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>about {size} of memory</source>
   <translation>etwa {size} Speicher</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>about {size} of memory per GPU</source>
   <translation>rund {size} Speicher je GPU</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>about {size} of memory per process</source>
   <translation>etwa {size} Speicher je Prozess</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>about {size} on disk</source>
   <translation>etwa {size} auf Platte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/token_meter.py" />
   <source>about {tokens} of {limit} tokens</source>
   <translation>etwa {tokens} von {limit} Tokens</translation>
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
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>and {count} more</source>
   <translation>und {count} weitere</translation>
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
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>approximate end of the trained limit</source>
   <translation>etwa hier endet die trainierte Länge</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>as imported</source>
   <translation>wie importiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/help/topics.py" />
   <source>as it is</source>
   <translation>unverändert</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>base</source>
   <translation>Basis</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>base model</source>
   <translation>Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>base model of {total}</source>
   <translation>Basismodell von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/dialogs/disk_dialog.py" />
   <source>base models, unpacked again when needed</source>
   <translation>als Basismodelle; werden bei Bedarf neu entpackt</translation>
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
   <location filename="../../gui/models/list_text.py" />
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
   <translation>besser als volle Feinabstimmung</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>can't run</source>
   <translation>nicht möglich</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>completed</source>
   <translation>abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>constant</source>
   <translation>konstant</translation>
  </message>
  <message>
   <location filename="../../gui/models/base_model_text.py" />
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
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>conversations</source>
   <translation>Gespräche</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>crashed</source>
   <translation>abgestürzt</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>data of finished runs</source>
   <translation>Daten beendeter Läufe</translation>
  </message>
  <message>
   <location filename="../../gui/models/base_model_text.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>elsewhere</source>
   <translation>anderswo</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
   <source>encoder-decoder</source>
   <translation>Encoder-Decoder</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>end of the trained limit</source>
   <translation>hier endet die trainierte Länge</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>error bars: 95 % interval</source>
   <translation>Fehlerbalken: 95-%-Intervall</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>failed</source>
   <translation>fehlgeschlagen</translation>
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
   <source>for resuming; completed runs no longer need them</source>
   <translation>zum Fortsetzen; abgeschlossene Läufe brauchen sie nicht mehr</translation>
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
   <source>marked: label tokens, which it learns to write</source>
   <translation>markiert: Label-Tokens; der Rest ist nur Eingabe</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>no GPU</source>
   <translation>keine GPU</translation>
  </message>
  <message>
   <location filename="../../gui/graphics/drawing.py" />
   <source>no change</source>
   <translation>unverändert</translation>
  </message>
  <message>
   <location filename="../../gui/models/base_model_text.py" />
   <source>no context limit</source>
   <translation>Kontext ohne Grenze</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/preview_table.py" />
   <source>no conversation</source>
   <translation>kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>no interval</source>
   <translation>kein Intervall</translation>
  </message>
  <message>
   <location filename="../../gui/models/base_model_text.py" />
   <source>no licence stated</source>
   <translation>Lizenz nicht angegeben</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>no limit</source>
   <translation>unbegrenzt</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>no measurable difference</source>
   <translation>kein messbarer Unterschied</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>no measurable difference from base</source>
   <translation>kein messbarer Unterschied zur Basis</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>no measurable difference from full fine-tuning</source>
   <translation>kein messbarer Unterschied zu voller Feinabstimmung</translation>
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
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
   <source>no reference summary</source>
   <translation>keine Referenzzusammenfassung</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
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
   <location filename="../../gui/look/format.py" />
   <source>one conversation, so no interval</source>
   <translation>ein Gespräch, daher kein Intervall</translation>
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
   <location filename="../../gui/shell/shortcuts_sheet.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/models/base_model_text.py" />
   <source>plain prompt</source>
   <translation>einfacher Prompt</translation>
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
   <location filename="../../gui/graphics/block_drawing.py" />
   <source>prompt</source>
   <translation>Prompt</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>refused</source>
   <translation>abgelehnt</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>repetition penalty {value}</source>
   <translation>Wiederholungsstrafe {value}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>running</source>
   <translation>läuft</translation>
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
   <source>saved, step {step}</source>
   <translation>gespeichert, Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/page.py" />
   <source>scored with another protocol, so not comparable</source>
   <translation>mit einem anderen Protokoll bewertet, daher nicht vergleichbar</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>starting</source>
   <translation>startet</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>stopped</source>
   <translation>gestoppt</translation>
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
   <location filename="../../gui/forms/value_text.py" />
   <source>test</source>
   <translation>Test</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>text</source>
   <translation>Text</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>this prompt</source>
   <translation>dieser Prompt</translation>
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
   <location filename="../../gui/graphics/histogram.py" />
   <source>tokens</source>
   <translation>Tokens</translation>
  </message>
  <message>
   <location filename="../../gui/models/metric_text.py" />
   <source>too few conversations to compare with base</source>
   <translation>zu wenige Gespräche für ein Urteil zum Basismodell</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>too few conversations to compare with full fine-tuning</source>
   <translation>zu wenige Gespräche für ein Urteil zu voller Feinabstimmung</translation>
  </message>
  <message>
   <location filename="../../gui/models/adapter_table.py" />
   <source>too few conversations to tell</source>
   <translation>zu wenige Gespräche für ein Urteil</translation>
  </message>
  <message>
   <location filename="../../gui/models/list_text.py" />
   <source>too few to tell</source>
   <translation>zu wenige für ein Urteil</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/column_results.py" />
   <source>top-p {value}</source>
   <translation>Top-p {value}</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>train</source>
   <translation>Training</translation>
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
   <translation>für ein ungenanntes Basismodell trainiert</translation>
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
   <location filename="../../gui/models/example_table.py" />
   <source>tuned</source>
   <translation>trainiert</translation>
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
   <location filename="../../gui/forms/value_text.py" />
   <source>validation</source>
   <translation>Validierung</translation>
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
   <location filename="../../gui/pages/arena/lower_pane.py" />
   <source>waiting</source>
   <translation>wartet</translation>
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
   <location filename="../../gui/models/list_text.py" />
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
   <translation>schlechter als volle Feinabstimmung</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/labelling_text.py" />
   <source>written</source>
   <translation>geschrieben</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
   <source>you have to accept its licence first</source>
   <translation>der Besitzer verlangt zuerst eine Zustimmung</translation>
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
   <translation>{adapter} wurde für ein ungenanntes Basismodell trainiert</translation>
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
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{before} and {name}</source>
   <translation>{before} und {name}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{change} (95 % interval {interval}) on the same {count} {split} conversations.</source>
   <translation>{change} (95-%-Intervall {interval}), gemessen an denselben {count} Gesprächen (Teil {split}).</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{change} (95 % interval {interval}) on the same {split} conversations.</source>
   <translation>{change} (95-%-Intervall {interval}), gemessen an denselben Gesprächen (Teil {split}).</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{change} on one {split} conversation, so no interval.</source>
   <translation>{change}, gemessen an einem Gespräch (Teil {split}), daher kein Intervall.</translation>
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
   <location filename="../../gui/pages/train/effect_panel.py" />
   <source>{count} in total, adapter included</source>
   <translation>insgesamt {count}, Adapter inbegriffen</translation>
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
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{count} to test on</source>
   <translation>{count} zum Testen</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>{done} of {total}</source>
   <translation>{done} von {total}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>{done} of {total} conversations</source>
   <translation>{done} von {total} Gesprächen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/labelling/draft_writer.py" />
   <source>{done} of {total} drafts</source>
   <translation>{done} von {total} Entwürfen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{done} of {total} examples</source>
   <translation>{done} von {total} Beispielen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/source_bar.py" />
   <source>{done} of {total} rows</source>
   <translation>{done} von {total} Zeilen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>{done} of {total} summaries</source>
   <translation>{done} von {total} Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/jobs.py" />
   <source>{done} of {total} weights</source>
   <translation>{done} von {total} Gewichten</translation>
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
   <location filename="../../gui/pages/playground/picker.py" />
   <source>{file} can't be read: {why}.</source>
   <translation>{file} ist nicht lesbar: {why}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/picker.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>{free} of disk free</source>
   <translation>{free} auf der Platte frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>{free} of {total} memory free</source>
   <translation>{free} von {total} Arbeitsspeicher frei</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/columns_view.py" />
   <source>{good} good, {columns}</source>
   <translation>{good} gut, {columns}</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{hours} h {minutes} min</source>
   <translation>{hours} h {minutes} min</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{language}, base model: {known}</source>
   <translation>{language}, Basismodell: {known}</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{listed} must be downloaded. Start shows the size and asks first.</source>
   <translation>
    <numerusform>{listed} ist noch nicht auf diesem Computer. „Starten“ zeigt die Größe des Downloads und fragt zuerst.</numerusform>
    <numerusform>{listed} sind noch nicht auf diesem Computer. „Starten“ zeigt die Größe des Downloads und fragt zuerst.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
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
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{mean}, interval {low} to {high}</source>
   <translation>{mean}, Intervall {low} bis {high}</translation>
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
   <location filename="../../gui/look/format.py" />
   <source>{minutes} min</source>
   <translation>{minutes} min</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
   <source>{minutes} min {seconds} s</source>
   <translation>{minutes} min {seconds} s</translation>
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
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{names} score alike</source>
   <translation>{names} liegen gleichauf</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{names} score alike, above all others</source>
   <translation>{names} liegen gleichauf vor allen anderen</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{names} score highest, with no measurable difference</source>
   <translation>{names} liegen vorn, ohne messbaren Unterschied</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/playground/choices.py" />
   <source>{names} were trained on a different form of the base model. All adapters run on the form of {first}: {form}.</source>
   <translation>
    <numerusform>{names} wurde auf einer anderen Form des Basismodells trainiert. Alle Adapter laufen auf der von {first}: {form}.</numerusform>
    <numerusform>{names} wurden auf einer anderen Form des Basismodells trainiert. Alle Adapter laufen auf der von {first}: {form}.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/library_text.py" />
   <source>{name} (downloads 77 MB once)…</source>
   <translation>{name} (holt einmalig 77 MB)…</translation>
  </message>
  <message>
   <location filename="../../gui/pages/library/page.py" />
   <source>{name} is in use by a running job. Delete it after the job ends.</source>
   <translation>{name} wird von einem laufenden Auftrag verwendet. Löschen Sie ihn, wenn der Auftrag fertig ist.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{name} is the only entry scored</source>
   <translation>{name} ist der einzige bewertete Eintrag</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{name} scores highest</source>
   <translation>{name} liegt vorn</translation>
  </message>
  <message>
   <location filename="../../gui/workers/device_queue.py" />
   <source>{name} was added to the queue: it {waits}.</source>
   <translation>{name} wurde in die Warteschlange gestellt und {waits}.</translation>
  </message>
  <message>
   <location filename="../../gui/forms/recipe_form.py" />
   <source>{name} was removed because it was trained with another method.</source>
   <translation>{name} wurde hier entfernt: Dieser Adapter wurde mit einem anderen Verfahren trainiert.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/computers/page.py" />
   <source>{name} was removed. Runs there keep going.</source>
   <translation>{name} wurde entfernt. Was dort läuft, läuft weiter.</translation>
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
   <location filename="../../gui/plots/curves.py" />
   <source>{name}: {loss} at step {step}</source>
   <translation>{name}: {loss} bei Schritt {step}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Better than the base: {gain}</source>
   <translation>{name}: {score}. Besser, gepaart mit dem Basismodell: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. No measurable difference from the base: {gain}</source>
   <translation>{name}: {score}. Kein messbarer Unterschied, gepaart mit dem Basismodell: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Too few conversations to compare with the base: {gain}</source>
   <translation>{name}: {score}. Zu wenige Gespräche für ein Urteil, gepaart mit dem Basismodell: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/batch_view.py" />
   <source>{name}: {score}. Worse than the base: {gain}</source>
   <translation>{name}: {score}. Schlechter, gepaart mit dem Basismodell: {gain}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/welcome/guide_text.py" />
   <source>{name}: {train} for training, {test} for testing.</source>
   <translation>{name}: {train} zum Trainieren, {test} zum Testen.</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <location filename="../../gui/look/format.py" />
   <source>{n} bytes</source>
   <translation>
    <numerusform>{n} Byte</numerusform>
    <numerusform>{n} Byte</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{n} can't run</source>
   <translation>
    <numerusform>{n} nicht lauffähig</numerusform>
    <numerusform>{n} nicht lauffähig</numerusform>
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
   <source>{n} conversations in total, each {times} ×.</source>
   <translation>
    <numerusform>{n} Gespräch gesehen, jedes {times} ×.</numerusform>
    <numerusform>{n} Gespräche gesehen, jedes {times} ×.</numerusform>
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
   <location filename="../../gui/models/base_model_text.py" />
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
   <location filename="../../gui/main_window.py" />
   <source>{n} more are waiting. They start when you reopen Tunesmith.</source>
   <translation>
    <numerusform>{n} weiterer Eintrag wartet. Er startet, wenn Sie Tunesmith wieder öffnen.</numerusform>
    <numerusform>{n} weitere Einträge warten. Sie starten, wenn Sie Tunesmith wieder öffnen.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/report.py" />
   <source>{n} more exceed the current limit. Check again to list them.</source>
   <translation>
    <numerusform>{n} weitere liegt über der jetzigen Grenze. Prüfen Sie erneut, um sie zu sehen.</numerusform>
    <numerusform>{n} weitere liegen über der jetzigen Grenze. Prüfen Sie erneut, um sie zu sehen.</numerusform>
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
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{n} pairs of identical summaries count as ties without a vote.</source>
   <translation>
    <numerusform>{n} Paar gleicher Zusammenfassungen zählt ohne Stimme als gleich gut.</numerusform>
    <numerusform>{n} Paare gleicher Zusammenfassungen zählen ohne Stimme als gleich gut.</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/row_view.py" />
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <source>{n} rows were written to {path}.</source>
   <translation>
    <numerusform>{n} Zeile wurde nach {path} geschrieben.</numerusform>
    <numerusform>{n} Zeilen wurden nach {path} geschrieben.</numerusform>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
   <source>{n} runs there: {runs}</source>
   <translation>
    <numerusform>{n} Lauf dort: {runs}</numerusform>
    <numerusform>{n} Läufe dort: {runs}</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/models/list_text.py" />
   <source>{n} seeds</source>
   <translation>
    <numerusform>{n} Startwert</numerusform>
    <numerusform>{n} Startwerte</numerusform>
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
   <source>{n} summaries corrected in the playground are accepted here.</source>
   <translation>
    <numerusform>{n} Zusammenfassung, die in der Werkbank korrigiert wurde, ist hier angenommen.</numerusform>
    <numerusform>{n} Zusammenfassungen, die in der Werkbank korrigiert wurden, sind hier angenommen.</numerusform>
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
   <location filename="../../gui/pages/data/row_view.py" />
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
   <location filename="../../gui/pages/train/start_foot.py" />
   <source>{n} training conversations</source>
   <translation>
    <numerusform>{n} Trainingsgespräch</numerusform>
    <numerusform>{n} Trainingsgespräche</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/data/row_view.py" />
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
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{one} and {other}</source>
   <translation>{one} und {other}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/playground/conversation_panel.py" />
   <source>{origin}, edited</source>
   <translation>{origin}, bearbeitet</translation>
  </message>
  <message numerus="yes">
   <location filename="../../gui/pages/compare/conversations_view.py" />
   <source>{others} use a different base model than {first}, or run it differently.</source>
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
   <location filename="../../gui/widgets/open_path.py" />
   <source>{path} no longer exists.</source>
   <translation>{path} ist nicht mehr da.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/data/row_view.py" />
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
   <location filename="../../gui/pages/playground/batch.py" />
   <source>{read} of {total}</source>
   <translation>{read} von {total}</translation>
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
  <message numerus="yes">
   <location filename="../../gui/models/list_text.py" />
   <source>{scored} of {n} seeds</source>
   <translation>
    <numerusform>{scored} von {n} Startwert</numerusform>
    <numerusform>{scored} von {n} Startwerten</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{scored} of {total} entries scored</source>
   <translation>{scored} von {total} bewertet</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{scores} over {seeds}</source>
   <translation>{scores} über {seeds}</translation>
  </message>
  <message>
   <location filename="../../gui/pages/arena/arena_text.py" />
   <source>{scores}, the base model {base}.</source>
   <translation>{scores}, das Basismodell {base}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/verdict_card.py" />
   <source>{score} difference {gain}, {spread}</source>
   <translation>{score}, gepaarte Differenz {gain}, {spread}</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{score} with seed {seed}</source>
   <translation>{score} mit Startwert {seed}</translation>
  </message>
  <message>
   <location filename="../../gui/look/format.py" />
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
   <source>{share} of the summaries were cut off at the length limit.</source>
   <translation>{share} der Zusammenfassungen wurden an der Längengrenze abgeschnitten.</translation>
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
   <location filename="../../gui/pages/computers/computer_card.py" />
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
   <source>{size} of checkpoints; each run keeps its last two</source>
   <translation>{size} Prüfpunkte; von jedem Lauf bleiben die letzten zwei</translation>
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
   <location filename="../../gui/models/base_model_text.py" />
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{step}, the best</source>
   <translation>{step}, der beste</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{step}, the last</source>
   <translation>{step}, der letzte</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>{summary}. Words not in the base model's summary are marked</source>
   <translation>{summary}. Wörter, die beim Basismodell fehlen, sind markiert</translation>
  </message>
  <message>
   <location filename="../../gui/pages/train/samples_view.py" />
   <source>{summary}. Words that differ from {step} are marked</source>
   <translation>{summary}. Wörter, die bei {step} fehlen, sind markiert</translation>
  </message>
  <message>
   <location filename="../../gui/forms/value_text.py" />
   <source>{tested} for testing</source>
   <translation>{tested} zum Testen</translation>
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
   <location filename="../../gui/forms/value_text.py" />
   <source>{used} for training, {tested} for testing</source>
   <translation>{used} zum Trainieren, {tested} zum Testen</translation>
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
   <location filename="../../gui/pages/train/run_text.py" />
   <source>{verdict}, on few conversations</source>
   <translation>{verdict}, bei wenigen Gesprächen</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{verdict}: {gain} against full fine-tuning, {interval}.</source>
   <translation>{verdict}: {gain} gegenüber voller Feinabstimmung, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/models/arena_table.py" />
   <source>{verdict}: {gain} against the base model, {interval}.</source>
   <translation>{verdict}: {gain} gegenüber dem Basismodell, {interval}.</translation>
  </message>
  <message>
   <location filename="../../gui/pages/compare/voting_text.py" />
   <source>{votes} by {voters}. A tie counts as half. 95 % intervals over conversations.</source>
   <translation>{votes} von {voters}. Gleich gut zählt halb. Intervalle zu 95 %, über Gespräche.</translation>
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
   <location filename="../../engine/data/schema.py" />
   <source>"{1}" and "{2}" are lists of different lengths, {3} and {4}.</source>
   <translation>„{1}“ und „{2}“ sind verschieden lange Listen, {3} und {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>"{1}" as "{2}"</source>
   <translation>„{1}“ als „{2}“</translation>
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
   <location filename="../../engine/worker/adapters/method_hooks/target_modules.py" />
   <source>"{1}" means every linear layer except the output head, so it can't be combined with names.</source>
   <translation>„{1}“ meint alle linearen Schichten außer dem Ausgabekopf und steht deshalb allein, ohne Namen.</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>, on {1}</source>
   <translation>, bei {1}</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>, {1} of memory free</source>
   <translation>, {1} Speicher frei</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>0 always takes the most likely token. Above 0, tokens are sampled; higher is more random.</source>
   <translation>0 nimmt das wahrscheinlichste Token; über 0 werden Tokens gezogen, umso zufälliger, je höher der Wert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>1 conversation exceeds {1} tokens and is cut.</source>
   <translation>1 Gespräch hat mehr als {1} Tokens und verliert sein Ende.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>1 is greedy decoding; more are slower.</source>
   <translation>1 dekodiert greedy; mehr ist langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>1 message with {1}</source>
   <translation>1 Nachricht mit {1}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>1 of them stays whole because its times have no dates.</source>
   <translation>1 davon bleibt ganz, da seine Zeiten kein Datum haben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/summary_metrics.py" />
   <source>1 of {1} reference summaries has no word that ROUGE reads.</source>
   <translation>1 von {1} Referenzzusammenfassungen enthält kein Wort, das ROUGE liest.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>1 of {1} scored conversations exceeds {2} tokens and is cut.</source>
   <translation>1 von {1} bewerteten Gesprächen ist länger als {2} Tokens und verliert sein Ende.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>1 of {1} {2} is empty.</source>
   <translation>1 von {1} {2} ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>1 reference summary exceeds {1} tokens and is cut.</source>
   <translation>1 Referenzzusammenfassung hat mehr als {1} Tokens und wird gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>1 row is broken ({1})</source>
   <translation>1 Zeile ist beschädigt ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>1 summary</source>
   <translation>1 Zusammenfassung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>1 text in {1} is counted, and each near a limit; the rest are estimated.</source>
   <translation>Gezählt sind jeder {1}. Text und alle nahe einer Grenze, die übrigen geschätzt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>1 token</source>
   <translation>1 Token</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>1 weight</source>
   <translation>1 Gewicht</translation>
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
   <location filename="../../engine/runs/memory_fallbacks.py" />
   <source>8-bit optimizer</source>
   <translation>8-Bit-Optimierer</translation>
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
   <location filename="../../engine/config/gguf_models.py" />
   <source>A GGUF file as base model needs the package gguf, which is not installed.</source>
   <translation>Eine GGUF-Datei als Basismodell braucht das Paket gguf, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>A and B orthogonal at the start</source>
   <translation>A und B anfangs orthogonal</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>A base in {1} needs bitsandbytes, which is not installed.</source>
   <translation>Ein Basismodell in {1} braucht bitsandbytes, das nicht installiert ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>A base model that knows the language learns faster and better.</source>
   <translation>Ein Basismodell, das die Sprache kennt, lernt schneller und besser.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>A chat template of {1} has {2}; the limit is {3}.</source>
   <translation>Eine Chat-Vorlage von {1} hat {2}, gelesen werden höchstens {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation in one line with several speakers</source>
   <translation>Ein Gespräch in einer Zeile, in der mehrere Sprecher aufeinander folgen</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation longer than {1} tokens</source>
   <translation>Ein Gespräch mit mehr als {1} Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation or summary in a different language than most</source>
   <translation>Ein Gespräch oder eine Zusammenfassung in anderer Sprache als die meisten</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation that is also in a later split</source>
   <translation>Ein Gespräch, das auch in einem späteren Teil ist</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation that is in an earlier row</source>
   <translation>Ein Gespräch, das in einer früheren Zeile steht</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A conversation that looks like a transcript, in which no one is named</source>
   <translation>Ein Gespräch, das wie eine Mitschrift aussieht und in dem niemand genannt wird</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>A few at the start are normal. If there are many, use bfloat16 or float32.</source>
   <translation>Einige am Anfang sind üblich. Sind es viele, verwenden Sie bfloat16 oder float32.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>A file of {1} was damaged during the download.</source>
   <translation>Eine Datei von {1} kam beschädigt an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>A file with "{1}" in its name would be used instead.</source>
   <translation>Eine Datei mit „{1}“ im Namen würde stattdessen verwendet.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen layer and behind it a trained one: wide, narrow and wide again</source>
   <translation>Eine eingefrorene Schicht und dahinter eine trainierte: breit, schmal und wieder breit</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a few trained entries</source>
   <translation>Ein eingefrorenes Gewicht W plus einige trainierte Einträge</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a pair B and A, composed of vectors of a trained bank that all layers share</source>
   <translation>Ein eingefrorenes Gewicht W plus ein Paar B und A, zusammengesetzt aus Vektoren einer trainierten Bank, die alle Schichten teilen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a random, frozen pair B and A, scaled by two trained vectors</source>
   <translation>Ein eingefrorenes Gewicht W plus ein zufälliges, eingefrorenes Paar B und A, skaliert durch zwei trainierte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a sum of random, frozen pairs B and A, each scaled by two trained vectors</source>
   <translation>Ein eingefrorenes Gewicht W plus eine Summe zufälliger, eingefrorener Paare B und A, jedes skaliert durch zwei trainierte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a trained change of it</source>
   <translation>Ein eingefrorenes Gewicht W plus eine trainierte Änderung davon</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a trained pair B and A</source>
   <translation>Ein eingefrorenes Gewicht W plus ein trainiertes Paar B und A</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus a trained pair B and A of length one, times one trained strength</source>
   <translation>Ein eingefrorenes Gewicht W plus ein trainiertes Paar B und A der Länge eins, mal eine trainierte Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus its trained biases b</source>
   <translation>Ein eingefrorenes Gewicht W plus seine trainierten Biases b</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus one trained block D, repeated for each shard of the weight</source>
   <translation>Ein eingefrorenes Gewicht W plus ein trainierter Block D, wiederholt für jede Scherbe des Gewichts</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus random, frozen waves, each times a trained strength</source>
   <translation>Ein eingefrorenes Gewicht W plus zufällige, eingefrorene Wellen, jede mal eine trainierte Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus the Kronecker product of two trained matrices</source>
   <translation>Ein eingefrorenes Gewicht W plus das Kronecker-Produkt zweier trainierter Matrizen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus trained blocks in which each row is the row above, shifted by one</source>
   <translation>Ein eingefrorenes Gewicht W plus trainierte Blöcke, in denen jede Zeile die um eins verschobene Zeile darüber ist</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus two trained pairs, multiplied entry by entry</source>
   <translation>Ein eingefrorenes Gewicht W plus zwei trainierte Paare, Eintrag für Eintrag multipliziert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W plus, for each block of it, a thin trained pair of its own</source>
   <translation>Ein eingefrorenes Gewicht W plus für jeden seiner Blöcke ein eigenes dünnes, trainiertes Paar</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A frozen weight W times a trained rotation R of its inputs</source>
   <translation>Ein eingefrorenes Gewicht W mal eine trainierte Rotation R seiner Eingaben</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>A hub id looks like owner/name.</source>
   <translation>Eine Hub-ID sieht aus wie besitzer/name.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>A hub id, a file (table, chat export, mailbox, transcript, or a zip or gz of them), a folder of split files or texts, or "sample".</source>
   <translation>Eine Hub-ID, eine Datei (Tabelle, Chatexport, Postfach, Mitschrift oder ein zip oder gz davon), ein Ordner mit Dateien je Teil oder mit Texten oder „sample“.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>A hub id, a local folder, a GGUF file, or "starter" (the bundled practice model).</source>
   <translation>Eine Hub-Kennung, ein lokaler Ordner, eine GGUF-Datei oder „starter“ (das mitgelieferte Übungsmodell).</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>A layer multiplies its input by a weight and adds a bias. BitFit trains only the biases, about a thousandth of the model. It teaches the model little that is new but brings out what it can already do, which is often enough for a new style. Use it for small adapters on models with biases: BART, GPT-2, OPT. T5 has none, nor have most Llamas. (Ben Zaken et al. 2022)</source>
   <translation>Eine Schicht multipliziert ihre Eingabe mit einem Gewicht und addiert einen Bias. BitFit friert jedes Gewicht ein und trainiert nur die Biases, etwa ein Tausendstel des Modells: Es bringt dem Modell wenig Neues bei, holt aber hervor, was es schon kann, und das reicht oft für einen neuen Stil. Nehmen Sie es für kleine Adapter auf Modellen, die Biases haben: BART, GPT-2, OPT. T5 hat keine, und die meisten Llamas auch nicht. (Ben Zaken et al. 2022)</translation>
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
   <location filename="../../engine/worker/hub/upload.py" />
   <source>A name looks like owner/name: letters, digits, -, _ and ., at most 96 characters.</source>
   <translation>Ein Name sieht aus wie owner/name: Buchstaben, Ziffern, -, _ und ., höchstens 96 Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>A pause can't be {1} hours long.</source>
   <translation>Eine Pause von {1} Stunden ist nicht gültig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>A plain model has no {1}.</source>
   <translation>Ein einfaches Modell kennt {1} nicht.</translation>
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
   <source>A resumed run may differ in its last digits. Deterministic (training.deterministic) turns them on.</source>
   <translation>Ein fortgesetzter Lauf kann in den letzten Stellen abweichen. „Deterministisch“ (training.deterministic) schaltet sie ein.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>A run can't continue such an adapter of {1}.</source>
   <translation>Ein Lauf kann nicht von einem solchen Adapter aus beginnen: {1}.</translation>
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
   <source>A shared prompt with a part for the task</source>
   <translation>Ein gemeinsamer Prompt mit einem Anteil für die Aufgabe</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>A small network computes the prefix while training.</source>
   <translation>Ein kleines Netz berechnet das Prefix beim Training.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>A step has {1}, too few for {2} processes.</source>
   <translation>Ein Schritt hat {1}, zu wenige für {2} Prozesse.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>A summary copied word for word from its conversation</source>
   <translation>Eine Zusammenfassung, die wörtlich aus ihrem Gespräch stammt</translation>
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
   <location filename="../../engine/config/prompts.py" />
   <source>A template needs a name.</source>
   <translation>Eine Prompt-Vorlage braucht einen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>A thin network after each sublayer</source>
   <translation>Ein dünnes Netz nach jeder Teilschicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained norm of what goes into a frozen layer</source>
   <translation>Eine trainierte Norm dessen, was in eine eingefrorene Schicht geht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained vector that scales a frozen weight W</source>
   <translation>Ein trainierter Vektor, der ein eingefrorenes Gewicht W skaliert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>A trained weight W</source>
   <translation>Ein trainiertes Gewicht W</translation>
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
   <source>A {1} × {2} weight has {3} parameters; at rank {4} LoRA trains {5}, which is {6} % fewer.</source>
   <translation>Eine Gewichtsmatrix von {1} × {2} hat {3} Parameter; beim Rang {4} trainiert LoRA {5}, das sind {6} % weniger.</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>AD CZ ES MD PK RO SA SE SK TN VG</source>
   <translation>AD CZ ES MD PK RO SA SE SK TN VG</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>AE GI IL IQ OM SO TL</source>
   <translation>AE GI IL IQ OM SO TL</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>AL AZ BY CY DO GT HU LB NI PL SV</source>
   <translation>AL AZ BY CY DO GT HU LB NI PL SV</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>AT BA EE KZ LT LU MN XK</source>
   <translation>AT BA EE KZ LT LU MN XK</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Above 1, tokens that already occurred become less likely. 1: no penalty.</source>
   <translation>Über 1 werden schon gelesene oder erzeugte Tokens unwahrscheinlicher. 1: keine Strafe.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>Accept one first.</source>
   <translation>Nehmen Sie zuerst eine an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Accept them at {1}, then run `hf auth login` once.</source>
   <translation>Stimmen Sie ihnen auf {1} zu und führen Sie dann einmal `hf auth login` aus.</translation>
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
   <location filename="../../engine/methods/additive.py" />
   <source>Adapters</source>
   <translation>Adapter</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Add conversations with summaries; a tenth of them is held out for testing.</source>
   <translation>Fügen Sie Gespräche mit Zusammenfassungen hinzu; ein Zehntel davon wird zum Testen zurückgehalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Add conversations, or a file with "{1}" in its name.</source>
   <translation>Geben Sie mehr Gespräche an, oder nehmen Sie „{1}“ in den Namen einer Datei im Ordner auf.</translation>
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
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Adds a few trained keys and values to every attention layer of the decoder, as if there were text before. It acts on each layer, not only on the input, so it can do more than prompt tuning with as many virtual tokens. With projection, a small network computes them during training and is not saved.</source>
   <translation>Gibt jeder Attention-Schicht des Decoders einige trainierte Schlüssel und Werte, als stünde Text davor. Es wirkt auf jede Schicht und nicht nur auf die Eingabe und kann deshalb mehr als Prompt-Tuning mit ebenso vielen virtuellen Tokens. Mit Projektion berechnet sie beim Training ein kleines Netz, das nicht gespeichert wird.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Adds circular convolutions to each weight</source>
   <translation>Fügt jedem Gewicht zyklische Faltungen hinzu</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Adds many pairs of random, frozen, thin matrices and trains only their scales. The sum reaches the full rank of the weight, which LoRA's single pair can't, with about as many trainable parameters. All layers share the random matrices, which are regenerated from their seed. Use it if LoRA falls short even at a high rank; its steps are slower. (Albert et al. 2025)</source>
   <translation>Addiert viele Paare zufälliger, eingefrorener, dünner Matrizen und trainiert nur, wie jedes skaliert wird. Die Summe erreicht den vollen Rang des Gewichts, was das eine Paar von LoRA nicht kann, mit etwa so vielen trainierbaren Parametern. Alle Schichten teilen sich die zufälligen Matrizen, die aus ihrem Startwert neu gezogen und deshalb nicht gespeichert werden. Nehmen Sie es, wo LoRA auch mit hohem Rang nicht reicht; seine Schritte sind langsamer. (Albert et al. 2025)</translation>
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
   <location filename="../../engine/text/languages.py" />
   <source>Albanian</source>
   <translation>Albanisch</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/places.py" />
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
   <source>All entries share data, prompt, scoring and seed: change this one, or create another arena.</source>
   <translation>Einträge haben Daten, Prompt, Bewertung und Startwert gemeinsam: Ändern Sie es, oder legen Sie eine andere Arena an.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>All layers share one pair of random, frozen matrices; each layer trains only two vectors that scale the pair's ranks and outputs. That is far fewer parameters than LoRA. The random matrices are regenerated from their seed, so the adapter's file contains only the vectors. Use it for many small adapters; it needs a much higher rank and learning rate than LoRA. (Kopiczko et al. 2024)</source>
   <translation>Alle Schichten teilen sich ein Paar zufälliger, eingefrorener Matrizen; jede Schicht trainiert nur zwei Vektoren, die Ränge und Ausgaben des Paars skalieren. Das sind um ein Vielfaches weniger Parameter als bei LoRA, und die zufälligen Matrizen werden aus ihrem Startwert neu gezogen, sodass die Datei des Adapters nur die Vektoren enthält. Nehmen Sie es, wo viele Adapter klein sein müssen; es braucht einen viel höheren Rang und eine viel höhere Lernrate als LoRA. (Kopiczko et al. 2024)</translation>
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
   <source>Alpha equals the rank, so the scaling stays the same</source>
   <translation>Alpha ist gleich dem Rang, damit die Skalierung gleich bleibt</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Also quantize the scales of a 4-bit base model.</source>
   <translation>Auch die Skalen eines 4-Bit-Basismodells quantisieren.</translation>
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
   <location filename="../../engine/worker/jobs/score.py" />
   <source>An empty summary scores 0.</source>
   <translation>Eine leere Zusammenfassung zählt als 0.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>An int8 base model can't be sharded: bitsandbytes can't reassemble its parts.</source>
   <translation>Ein Basismodell in int8 lässt sich nicht aufteilen: bitsandbytes setzt seine Teile nicht wieder zusammen.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>An optimizer in 8 bits needs bitsandbytes, which is not installed.</source>
   <translation>Ein Optimierer in 8 Bit braucht bitsandbytes, das nicht installiert ist.</translation>
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
   <source>Another program has exclusive use of the GPU: {1}.</source>
   <translation>Ein anderes Programm hat die GPU für sich allein: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Another program uses it. Stop that, or set other ports with --port and --jobs-port.</source>
   <translation>Ein anderes Programm belegt ihn: Beenden Sie dieses, oder geben Sie mit --port und --jobs-port andere Ports an.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Another window or command line is running the queue of {1}.</source>
   <translation>Die Warteschlange von {1} wird von einem anderen Fenster oder einer Kommandozeile abgearbeitet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/device_report.py" />
   <source>Apple graphics</source>
   <translation>Apple-Grafik</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Apple's GPUs compute on Macs with Apple silicon, from macOS 14 on. Choose "auto" or "cpu".</source>
   <translation>Apples Grafikkarten rechnen auf Macs mit Apple-Chip ab macOS 14. Wählen Sie „auto“ oder „cpu“.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Applied to</source>
   <translation>Angewendet auf</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Approximate rotations by a short series instead of computing exact ones. Faster; lengths are preserved as long as the rotations stay small.</source>
   <translation>Rotationen durch eine kurze Reihe annähern, statt exakte zu berechnen. Schneller; Längen bleiben erhalten, solange die Rotationen klein bleiben.</translation>
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
   <location filename="../../engine/methods/reparameterized.py" />
   <source>As many entries of each weight are trained as LoRA of this rank has parameters.</source>
   <translation>Trainiert so viele Einträge eines Gewichts, wie LoRA mit diesem Rang Parameter trainiert: Rang mal Summe der beiden Breiten des Gewichts.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>Ask for 0, or change training.device.</source>
   <translation>Geben Sie 0 an, oder ändern Sie training.device.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/places.py" />
   <source>Ask for fewer GPUs.</source>
   <translation>Fordern Sie weniger GPUs an.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Ask whoever runs it. If the key was changed on purpose, remove the old one with ssh-keygen -R and connect once by hand.</source>
   <translation>Fragen Sie bei denen nach, die ihn betreiben. Ist die Änderung gewollt, entfernen Sie den alten Schlüssel mit ssh-keygen -R, und verbinden Sie sich einmal von Hand.</translation>
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
   <source>Assigns columns by hand if the data is not two columns of text: {1}.</source>
   <translation>Ordnet Spalten von Hand zu, wo die Daten nicht zwei Textspalten sind: {1}.</translation>
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
   <location filename="../../engine/jobs/run_state.py" />
   <source>Attaching the adapter</source>
   <translation>Adapter wird angefügt</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Authorization</source>
   <translation>Authorization</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Auto: the base model is scored with a plain prompt and in its chat format, and the better one counts. Recipe: only the recipe's format.</source>
   <translation>Automatisch: Das Basismodell wird mit einfachem Prompt und in seinem eigenen Chat-Format bewertet und im besseren verglichen. Rezept: nur im Format des Rezepts.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Available GPUs ({1}): {2}.</source>
   <translation>Verfügbare GPUs ({1}): {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Average rank at the end of training. Important layers keep a higher one.</source>
   <translation>Mittlerer Rang am Ende des Trainings. Schichten, auf die es mehr ankommt, behalten einen höheren.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Azerbaijani</source>
   <translation>Aserbaidschanisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>BG BH CR DE GB GE IE ME RS VA</source>
   <translation>BG BH CR DE GB GE IE ME RS VA</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>BI DJ FR GR IT MC MR SM</source>
   <translation>BI DJ FR GR IT MC MR SM</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>BR EG PS QA UA</source>
   <translation>BR EG PS QA UA</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>Bank account number</source>
   <translation>Kontonummer</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Bank vectors mixed for each vector of a matrix.</source>
   <translation>Zahl der Vektoren der Bank, die für jeden Vektor einer Matrix gemischt werden.</translation>
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
   <source>Begin and end it with a letter or number.</source>
   <translation>Er muss mit einem Buchstaben oder einer Ziffer beginnen und enden.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/speech.py" />
   <source>BeginOffsetMillis</source>
   <translation>BeginOffsetMillis</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Belarusian</source>
   <translation>Belarussisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Below is a chat. Write a short summary for someone who was not there: who wants what, what was agreed, and what is still open. Use the speakers' names and add nothing that they did not say.

Chat:
{conversation}

Summary:</source>
   <translation>Below is a chat. Write a short summary for someone who was not there: who wants what, what was agreed, and what is still open. Use the speakers' names and add nothing that they did not say.

Chat:
{conversation}

Summary:</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>Better</source>
   <translation>Besser</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Between computers, processes send conversations and weights unencrypted and accept data from anyone.</source>
   <translation>Die Prozesse mehrerer Computer senden Gespräche und Gewichte unverschlüsselt und nehmen an, was irgendjemand sendet.</translation>
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
   <source>Blocks per side of each weight; must divide the rank and the widths of all adapted layers. Empty: 2 up to rank 32, 4 above, if possible.</source>
   <translation>Jedes Gewicht wird in beiden Richtungen in so viele Blöcke zerlegt; die Zahl muss den Rang und die Breiten aller angepassten Schichten teilen. Leer: 2 bis Rang 32 und darüber 4, wenn sie teilen.</translation>
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
   <source>Bottleneck adapters are not linear and can't be merged.</source>
   <translation>Engpass-Adapter sind nicht linear und lassen sich nicht verschmelzen.</translation>
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
   <source>Builds the change of a weight from circulant blocks, in which each row is the row above shifted by one. A block of n × n entries has n parameters and can have full rank; a fast Fourier transform applies it with little memory. Use it if you need a higher rank than LoRA with fewer parameters. (Chen et al. 2024)</source>
   <translation>Baut die Änderung eines Gewichts aus zirkulanten Blöcken, in denen jede Zeile die vorige ist, um eins verschoben. Ein solcher Block von n × n Einträgen hat n Parameter und kann den vollen Rang haben, und er wird durch eine schnelle Fourier-Transformation angewendet, sodass wenig Speicher nötig ist. Nehmen Sie es, wo der Rang von LoRA zu niedrig ist und ihre Parameter zu viele sind. (Chen et al. 2024)</translation>
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
   <location filename="../../engine/text/pii.py" />
   <source>CH HR LI LV</source>
   <translation>CH HR LI LV</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>CTranslate2 can't convert this model: {1}</source>
   <translation>CTranslate2 kann dieses Modell nicht umwandeln: {1}</translation>
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
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>CTranslate2 has no {1}.</source>
   <translation>CTranslate2 kennt {1} nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 is not installed.</source>
   <translation>CTranslate2 ist nicht installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>CTranslate2 runs merged models, and {1} can't be merged: {2}.</source>
   <translation>CTranslate2 rechnet mit verschmolzenen Modellen, und {1} lässt sich nicht verschmelzen: {2}.</translation>
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
   <source>Changes made during the run, each with the step after which it applies.</source>
   <translation>Änderungen während des Laufs, jede mit dem Schritt, nach dem sie gilt.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Chat in a table</source>
   <translation>Chat in einer Tabelle</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Chat: the prompt is a message in the base model's chat format. Plain: the prompt alone. Auto: chat if the base model has a chat template.</source>
   <translation>Chat: Der Prompt ist ein Beitrag im eigenen Chat-Format des Basismodells. Einfach: der Prompt allein. Automatisch: Chat, wo das Basismodell eine Chat-Vorlage hat.</translation>
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
   <source>Check it</source>
   <translation>Prüfen Sie sie</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Check its owner.</source>
   <translation>Prüfen Sie den Besitzer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Check its power, cooling and slot, and restart the computer. {1}</source>
   <translation>Prüfen Sie Stromversorgung, Kühlung und Steckplatz, und starten Sie den Computer neu. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Check its storage.</source>
   <translation>Prüfen Sie seinen Speicherort.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Check that rank 0 is running there and the port is open.</source>
   <translation>Läuft dort Rank 0, und ist der Port offen?</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Check that the file's extension is right.</source>
   <translation>Sehen Sie nach, ob die Endung des Namens zur Datei passt.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Check the address and that the cluster is running (`{1} node start` on its head).</source>
   <translation>Prüfen Sie die Adresse, und ob der Cluster läuft: `{1} node start` startet ihn auf seinem Kopfrechner.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>Check the connection. Models and conversations in folders work without it.</source>
   <translation>Prüfen Sie die Verbindung. Modelle und Gespräche in Ordnern gehen auch ohne sie.</translation>
  </message>
  <message>
   <location filename="../../engine/data/check_results.py" />
   <source>Check the data again.</source>
   <translation>Prüfen Sie die Daten erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>Check the disk, then resume the run; its last checkpoint is safe.</source>
   <translation>Prüfen Sie die Festplatte und setzen Sie dann den Lauf fort: Sein letzter Prüfpunkt ist sicher.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Check the disk. {1}</source>
   <translation>Prüfen Sie die Festplatte. {1}</translation>
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
   <source>Check the spelling. A private one needs `hf auth login` once.</source>
   <translation>Prüfen Sie die Schreibweise. Für private ist einmal `hf auth login` nötig.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Choose a data set of plain files, or download its files and choose those.</source>
   <translation>Wählen Sie einen Datensatz aus einfachen Dateien, oder laden Sie seine Dateien selbst herunter und wählen Sie diese.</translation>
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
   <source>Choose a method that trains fewer parameters, such as LoRA.</source>
   <translation>Wählen Sie ein Verfahren, das weniger Parameter trainiert, etwa LoRA.</translation>
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
   <source>Choose a smaller micro-batch, checkpointed activations, or a quantized or smaller base model.</source>
   <translation>Wählen Sie einen kleineren Mikrobatch, neu berechnete Aktivierungen oder ein quantisiertes oder kleineres Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Choose a smaller seed.</source>
   <translation>Wählen Sie einen kleineren Startwert.</translation>
  </message>
  <message>
   <location filename="../../engine/config/general_text.py" />
   <source>Choose a text file with passages separated by blank lines, or "auto" for the bundled text.</source>
   <translation>Wählen Sie eine Textdatei, deren Abschnitte durch Leerzeilen getrennt sind, oder „auto“ für den mitgelieferten Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Choose an encoder-decoder model (T5, BART, Pegasus) or a decoder-only model (Llama, Qwen, SmolLM).</source>
   <translation>Wählen Sie einen Encoder-Decoder (T5, BART, Pegasus) oder ein reines Decoder-Modell (Llama, Qwen, SmolLM).</translation>
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
   <source>Choose another GGUF file of this model.</source>
   <translation>Wählen Sie eine andere GGUF-Datei dieses Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Choose another column, or write summaries for them: Conversations, "Write summaries".</source>
   <translation>Wählen Sie eine andere Spalte, oder schreiben Sie Zusammenfassungen dafür: „Gespräche“, „Zusammenfassungen schreiben“.</translation>
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
   <source>Choose another initialisation, a lower rank or more examples.</source>
   <translation>Wählen Sie eine andere Initialisierung, einen niedrigeren Rang oder mehr Beispiele.</translation>
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
   <source>Choose another name, or remove the other one first.</source>
   <translation>Wählen Sie einen anderen Namen, oder entfernen Sie zuerst den anderen Computer.</translation>
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
   <source>Choose auto: the cluster assigns a GPU to each run.</source>
   <translation>Wählen Sie „auto“: Der Cluster gibt jedem Lauf eine GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Choose auto; each process then takes its own GPU.</source>
   <translation>Wählen Sie auto; jeder Prozess nimmt dann eine eigene GPU.</translation>
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
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Choose how to use the others, or skip them.</source>
   <translation>Wählen Sie, wofür die anderen sind, oder lassen Sie sie aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose its method to continue from it.</source>
   <translation>Wählen Sie sein Verfahren, um mit ihm weiterzumachen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Choose last blocks or names; to train everything, use full fine-tuning.</source>
   <translation>Wählen Sie letzte Blöcke oder Namen; für alles nehmen Sie die volle Feinabstimmung.</translation>
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
   <source>Choose no quantization; base models then load unquantized.</source>
   <translation>Basismodelle werden unquantisiert geladen; wählen Sie als Quantisierung „keine“.</translation>
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
   <location filename="../../engine/data/first_rows.py" />
   <source>Choose one. {1}</source>
   <translation>Wählen Sie eine. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Choose others; these leave nothing to vote on.</source>
   <translation>Wählen Sie andere: Es gibt nichts abzustimmen.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/systems.py" />
   <source>Choose runs with the same test conversations.</source>
   <translation>Wählen Sie Läufe mit denselben Testgesprächen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>Choose several GPUs (device all), or start several processes.</source>
   <translation>Wählen Sie mehrere GPUs (Gerät all), oder starten Sie mehrere Prozesse.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose the base model that it was made for, or export it again.</source>
   <translation>Wählen Sie das Basismodell, für das er gemacht ist, oder exportieren Sie ihn neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose the base model that it was made for.</source>
   <translation>Wählen Sie das Basismodell, für das er gemacht ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Choose the base model's revision that it was made for, or train it again.</source>
   <translation>Wählen Sie die Revision des Basismodells, für die er gemacht wurde, oder trainieren Sie ihn neu.</translation>
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
   <location filename="../../engine/config/gguf_models.py" />
   <source>Choose the file of the model itself.</source>
   <translation>Wählen Sie die Datei des Modells selbst.</translation>
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
   <source>Choose the model's own folder with safetensors files, or its id on the hub.</source>
   <translation>Wählen Sie den Ordner des Modells selbst mit safetensors-Dateien oder seine Kennung auf dem Hub.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Choose the one to read.</source>
   <translation>Wählen Sie die, die gelesen werden soll.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Choose the plain form or an nf4 base.</source>
   <translation>Nehmen Sie die einfache Form oder ein nf4-Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Choose the repository of an adapter made by PEFT or Tunesmith.</source>
   <translation>Wählen Sie das Repository eines Adapters, der mit PEFT oder Tunesmith gemacht wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Choose the summary column, or write summaries: Conversations, "Write summaries".</source>
   <translation>Wählen Sie die Spalte der Zusammenfassung. Gibt es keine: „Gespräche“, „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Choose the zip of an adapter.</source>
   <translation>Wählen Sie die ZIP-Datei eines Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Choose two systems that summarised the same conversations.</source>
   <translation>Wählen Sie zwei Systeme, die dieselben Gespräche zusammengefasst haben.</translation>
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
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
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
   <source>Close the program that uses it, or choose another device.</source>
   <translation>Beenden Sie, was sie nutzt, oder wählen Sie ein anderes Gerät.</translation>
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
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Computed columns of "{1}" are skipped: {2}.</source>
   <translation>Berechnete Spalten von „{1}“ werden ausgelassen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Connect once by hand with `ssh {1}` and compare the key's fingerprint before you accept it.</source>
   <translation>Verbinden Sie sich einmal von Hand mit `ssh {1}`, und vergleichen Sie den Fingerabdruck des Schlüssels, bevor Sie ihn annehmen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>Connect to the internet once to download it (77 MB).</source>
   <translation>Verbinden Sie sich einmal: Er hat 77 MB.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Connection refused</source>
   <translation>Connection refused</translation>
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
   <location filename="../../engine/config/decoding.py" />
   <source>Conversations over the adapter's training limit are cut at the end, or summarised in parts whose summaries are then summarised.</source>
   <translation>Gespräche über der Trainingsgrenze des Adapters werden am Ende gekürzt oder in Teilen zusammengefasst und danach die Zusammenfassungen der Teile.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Conversations that only one of them summarised are not scored.</source>
   <translation>Gespräche, die nur in einer davon stehen, werden nicht bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Conversations with a turn per row take their names from the group.</source>
   <translation>Gespräche aus Beiträgen in eigenen Zeilen werden nach ihrer Gruppe benannt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>Convert it to a plain LoRA where it was made: pass the initial adapter to PEFT's save_pretrained as path_initial_model_for_weight_conversion.</source>
   <translation>Wandeln Sie ihn dort, wo er gemacht wurde, in eine einfache LoRA um: Das tut save_pretrained von PEFT, wenn es den anfänglichen Adapter als path_initial_model_for_weight_conversion bekommt.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <location filename="../../engine/computers/token.py" />
   <source>Copy it from the cluster's head; `{1} node start` prints its path.</source>
   <translation>Kopieren Sie ihn vom Kopfrechner des Clusters: `{1} node start` sagt, wo er liegt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Copy its prompt instead.</source>
   <translation>Kopieren Sie stattdessen seinen Prompt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
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
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Copy the model's original config.json.</source>
   <translation>Kopieren Sie die ursprüngliche config.json des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Copy the model's original {1}.</source>
   <translation>Kopieren Sie die ursprüngliche {1} des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Copy the model's own tokenizer files.</source>
   <translation>Kopieren Sie die eigenen Tokenizer-Dateien des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Copy the token file from the head; `{1} node start` prints its path.</source>
   <translation>Kopieren Sie die Datei mit dem Token vom Kopfknoten: `{1} node start` sagt, wo sie liegt.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Copy your public key there (ssh-copy-id), or load it into your agent (ssh-add). Passwords are not supported.</source>
   <translation>Legen Sie Ihren öffentlichen Schlüssel dort ab (ssh-copy-id), oder laden Sie ihn in Ihren Agenten (ssh-add). Nach einem Passwort wird nicht gefragt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>Correct the file's extension, or choose another file.</source>
   <translation>Geben Sie der Datei die Endung dessen, was sie ist, oder wählen Sie eine andere.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Could not resolve hostname</source>
   <translation>Could not resolve hostname</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_counter.py" />
   <source>Counted with the tokenizer of {1}.</source>
   <translation>Gezählt mit dem Tokenizer von {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/desktop_entry.py" />
   <source>Create a shortcut to the command `tunesmith`.</source>
   <translation>Legen Sie eine Verknüpfung mit dem Befehl `tunesmith` an.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Create one with write access at {1}, then run `hf auth login`.</source>
   <translation>Erstellen Sie unter {1} eines, das es darf, und führen Sie dann `hf auth login` aus.</translation>
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
   <location filename="../../engine/text/languages.py" />
   <source>Czech</source>
   <translation>Tschechisch</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>DK FK FI FO GL NL</source>
   <translation>DK FK FI FO GL NL</translation>
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
   <translation>Zeichen, die beschädigt sind oder zu nur einer Schrift gehören</translation>
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
   <location filename="../../engine/methods/lora_family.py" />
   <source>DeLoRA</source>
   <translation>DeLoRA</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>DeepSpeed</source>
   <translation>DeepSpeed</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
   <source>Default</source>
   <translation>Vorgabe</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>Delete it, and add the computers again.</source>
   <translation>Sie löschen und die Computer neu hinzufügen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Delete it; resume continues from the checkpoint before.</source>
   <translation>Löschen Sie ihn; das Fortsetzen beginnt beim Prüfpunkt davor.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>Delete models you no longer use, or set HF_HOME to a larger disk.</source>
   <translation>Löschen Sie Modelle, die Sie nicht mehr brauchen, oder setzen Sie HF_HOME auf eine größere Festplatte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Delete models you no longer use, or set HF_HOME to another disk.</source>
   <translation>Löschen Sie Modelle, die Sie nicht mehr brauchen, oder setzen Sie HF_HOME auf eine andere Festplatte.</translation>
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
   <source>Deterministic algorithms are off: with so many trained parameters they would be slow.</source>
   <translation>Deterministische Verfahren sind aus: Bei so vielen trainierten Parametern würden sie viel Zeit kosten.</translation>
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
   <source>DoRA doesn't work on an int8 base: it needs the weights' magnitudes, which int8 layers don't provide.</source>
   <translation>DoRA geht nicht mit einem int8-Basismodell: Sie braucht die Beträge der Gewichte, die int8-Schichten nicht liefern.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>DoRA doesn't work with the initialisation {1}: its magnitudes are those of the whole weight.</source>
   <translation>DoRA geht nicht mit der Initialisierung {1}: Ihre Beträge sind die des ganzen Gewichts.</translation>
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
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Don't trust this file.</source>
   <translation>Trauen Sie dieser Datei nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/sandboxed.py" />
   <source>Don't trust this file. If you do, save it as csv or jsonl first.</source>
   <translation>Trauen Sie dieser Datei nicht. Wenn doch, speichern Sie sie als csv oder jsonl und wählen Sie diese.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
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
   <source>Download it here first; it will be sent along.</source>
   <translation>Es zuerst hier herunterladen: Dann wird es mitgesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Download or copy the file again.</source>
   <translation>Laden oder kopieren Sie die Datei noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_files.py" />
   <source>Download or copy the model again, with all its files.</source>
   <translation>Laden oder kopieren Sie das Modell noch einmal, mit allen seinen Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
   <source>Downloading</source>
   <translation>Wird heruntergeladen</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Draw random matrices of −1, 0 and 1 instead of dense ones.</source>
   <translation>Zufällige Matrizen aus −1, 0 und 1 ziehen statt voll besetzter.</translation>
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
   <source>Dropout acts between the layers of an LSTM, and there are none.</source>
   <translation>Dropout wirkt zwischen den Schichten eines LSTM, und es gibt keine.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Dropout within the bottleneck</source>
   <translation>Dropout im Engpass</translation>
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
   <source>EVA needs training examples, and there are none.</source>
   <translation>EVA geht von Trainingsbeispielen aus, und es gibt keine.</translation>
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
   <location filename="../../engine/data/file_kinds.py" />
   <source>Each thread is a conversation, without quotes and signatures.</source>
   <translation>Jeder Mailverlauf ist ein Gespräch, ohne Zitate und Signaturen.</translation>
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
   <translation>Die Zeichenkodierung von Textdateien oder auto: UTF-8, wo es passt, sonst eine Vermutung, die genannt wird.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Ended at step {1} of {2} after {3} min of training.</source>
   <translation>Beendet bei Schritt {1} von {2}: Die {3} min Training sind um.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Ends training after this time, not counting evaluations and pauses. The learning rate schedule still assumes all steps.</source>
   <translation>Das Training nach dieser Zeit beenden, Bewertungen und Pausen nicht mitgezählt. Der Lernratenplan bleibt der aller Schritte.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>English</source>
   <translation>Englisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Epochs</source>
   <translation>Epochen</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Error</source>
   <translation>Error</translation>
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
   <location filename="../../engine/arena/rows.py" />
   <source>Every conversation scores the same as the base model.</source>
   <translation>Jedes Gespräch wird genauso gewertet wie beim Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Every method at its preset</source>
   <translation>Jedes Verfahren mit seiner Vorlage</translation>
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
   <location filename="../../engine/config/training.py" />
   <source>Examples per optimizer step.</source>
   <translation>Beispiele je Optimiererschritt. Wie viele davon auf einmal berechnet werden, ändert Tempo und Speicher, nicht das Ergebnis.</translation>
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
   <location filename="../../engine/data/cells.py" />
   <source>Expected a turn with "{1}", found {2}.</source>
   <translation>Wo ein Beitrag mit „{1}“ stehen sollte, steht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Export it as a plain model (--to merged) first, and choose that folder.</source>
   <translation>Exportieren Sie ihn zuerst als einfaches Modell (--to merged), und wählen Sie diesen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Export it as a plain model (--to merged), if it can be merged, and send that folder (--model).</source>
   <translation>Exportieren Sie ihn als einfaches Modell (--to merged), wenn er sich einrechnen lässt, und senden Sie diesen Ordner (--model).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/exporters.py" />
   <source>Export it as ctranslate2, or as gguf for llama.cpp.</source>
   <translation>Exportieren Sie ihn als ctranslate2 oder als gguf für llama.cpp.</translation>
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
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Factor of what the adapter adds</source>
   <translation>Faktor dessen, was der Adapter addiert</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Factor of what the adapter adds to its sublayer's output.</source>
   <translation>Faktor dessen, was der Adapter zur Ausgabe seiner Teilschicht addiert.</translation>
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
   <location filename="../../engine/cluster/files.py" />
   <source>Fetching needs {1}, but only {2} are free.</source>
   <translation>Es sind {1} zu holen, und {2} sind frei.</translation>
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
   <source>Fraction of a summary's names, numbers, times and dates that are not in the conversation, found by pattern. Names are found by capital letters; in scripts without them only numbers, times and dates count. Number words are read in English only.</source>
   <translation>Anteil der Namen, Zahlen, Uhrzeiten und Daten einer Zusammenfassung, die nicht im Gespräch stehen, nach Mustern gefunden. Namen werden an Großbuchstaben erkannt: In Schriften ohne sie zählen nur Zahlen, Uhrzeiten und Daten. Zahlwörter werden nur auf Englisch gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of a summary's words that are not in the conversation.</source>
   <translation>Anteil der Wörter einer Zusammenfassung, die im Gespräch fehlen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of its word pairs that are not in the conversation.</source>
   <translation>Anteil ihrer Wortpaare, die im Gespräch fehlen.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Fraction of summaries that end at the length limit.</source>
   <translation>Anteil der Zusammenfassungen, die an der Längengrenze enden.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Fraction of the activations between the LSTM's layers that is dropped during training.</source>
   <translation>Anteil der Aktivierungen zwischen den Schichten des LSTM, der beim Training wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the adapted layers that is skipped in a training step.</source>
   <translation>Anteil der angepassten Schichten, der in einem Trainingsschritt ausgelassen wird.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Fraction of the adapter's inputs that is dropped in training, against overfitting.</source>
   <translation>Anteil der Eingaben des Adapters, der beim Training wegfällt, gegen Überanpassung.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Fraction of the blocks that is left unrotated in a training step, against overfitting.</source>
   <translation>Anteil der Blöcke, der in einem Trainingsschritt nicht rotiert wird, gegen Überanpassung.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the change's rows that is dropped in a training step.</source>
   <translation>Anteil der Zeilen der Änderung, der in einem Trainingsschritt wegfällt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Fraction of the hidden layer that is dropped in training, against overfitting.</source>
   <translation>Anteil der verborgenen Schicht, der beim Training wegfällt, gegen Überanpassung.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the steps before ranks are reduced.</source>
   <translation>Anteil der Schritte, bevor Ränge gesenkt werden.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Fraction of the steps in which the learning rate rises.</source>
   <translation>Anteil der Schritte, in denen die Lernrate steigt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Fraction of the steps, at the end, in which the ranks stay fixed.</source>
   <translation>Anteil der Schritte am Ende, in denen die Ränge fest bleiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/row_store.py" />
   <source>Free some disk space, or limit the rows.</source>
   <translation>Geben Sie Speicherplatz frei, oder begrenzen Sie die Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>Free some disk space, then resume the run.</source>
   <translation>Schaffen Sie Platz auf der Festplatte und setzen Sie dann den Lauf fort.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Free some disk space.</source>
   <translation>Schaffen Sie Platz auf der Festplatte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Free some disk space; resume continues from the checkpoint before.</source>
   <translation>Schaffen Sie Platz auf der Festplatte; das Fortsetzen beginnt beim Prüfpunkt davor.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Free some space</source>
   <translation>Schaffen Sie Platz</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Free some space there for the base model and checkpoints.</source>
   <translation>Schaffen Sie dort Platz: Checkpoints und das Basismodell liegen darauf.</translation>
  </message>
  <message>
   <location filename="../../engine/data/ingest.py" />
   <source>Free some space, or check the folder.</source>
   <translation>Schaffen Sie Platz, oder prüfen Sie den Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>Free some space, or choose another folder.</source>
   <translation>Schaffen Sie Platz, oder wählen Sie einen anderen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Free some space, or set TUNESMITH_HOME to a larger disk.</source>
   <translation>Schaffen Sie Platz, oder setzen Sie TUNESMITH_HOME auf einen größeren Datenträger.</translation>
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
   <location filename="../../engine/jobs/job.py" />
   <source>Free space, or set TUNESMITH_HOME.</source>
   <translation>Schaffen Sie Platz, oder setzen Sie TUNESMITH_HOME.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Freezes each weight and trains two thin matrices whose product is added to it. {1} The pair can be merged into the weight afterwards, so the tuned model is as fast as the base model. Start here: it works on every model, and most other methods are measured against it. (Hu et al. 2022)</source>
   <translation>Friert jedes Gewicht ein und trainiert zwei dünne Matrizen, deren Produkt dazu addiert wird. {1} Das Paar lässt sich danach mit dem Gewicht verschmelzen, sodass das trainierte Modell so schnell ist wie das Basismodell. Nehmen Sie es zuerst: Es geht mit jedem Modell, und die meisten anderen Verfahren werden damit verglichen. (Hu et al. 2022)</translation>
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
   <location filename="../../engine/methods/selective.py" />
   <source>Full fine-tuning</source>
   <translation>Volle Feinabstimmung</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning has only one seed, so intervals against it leave out its spread.</source>
   <translation>Die volle Feinabstimmung hat nur einen Startwert: Das Intervall ihr gegenüber lässt ihre Streuung aus.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning is not among the scored entries.</source>
   <translation>Die volle Feinabstimmung ist nicht unter den bewerteten Einträgen.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning was scored on other conversations.</source>
   <translation>Die volle Feinabstimmung wurde an anderen Gesprächen bewertet.</translation>
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
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>GGUF has no {1}.</source>
   <translation>GGUF kennt {1} nicht.</translation>
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
   <source>Give all ranks the same conversations, or only rank 0, which reads them.</source>
   <translation>Geben Sie allen Ranks dieselben Gespräche oder nur Rank 0: Er liest sie allein.</translation>
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
   <location filename="../../engine/system/ranks.py" />
   <source>Give the name or address of the computer that runs rank 0.</source>
   <translation>Geben Sie Name oder Adresse des Computers an, auf dem Prozess 0 läuft.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Give the same "{1}" to all its rows.</source>
   <translation>Geben Sie allen ihren Zeilen dasselbe „{1}“.</translation>
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
   <location filename="../../engine/config/training.py" />
   <source>Gradients with a larger norm are scaled down to this norm.</source>
   <translation>Gradienten mit größerer Norm werden auf diese Norm verkleinert.</translation>
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
   <location filename="../../engine/adapters/exports.py" />
   <source>Here CTranslate2 runs on the CPU, not on {1}.</source>
   <translation>CTranslate2 rechnet hier auf der CPU, nicht auf {1}.</translation>
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
   <location filename="../../engine/computers/tunnel.py" />
   <source>Host key verification failed</source>
   <translation>Host key verification failed</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Houlsby</source>
   <translation>Houlsby</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>How the learning rate decreases: linearly to 0, along a cosine to 0, or not at all.</source>
   <translation>Wie die Lernrate fällt: linear auf 0, als Kosinus auf 0 oder gar nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>How the trained block changes the shards. plain: it is added to each. bat: each shard is also multiplied by it, so the change depends on the weight. mini: a narrow block is repeated along the outputs, with far fewer parameters.</source>
   <translation>Wie der trainierte Block die Scherben ändert. Einfach: Er wird zu jeder addiert. bat: Jede Scherbe wird außerdem mit ihm multipliziert, sodass die Änderung vom Gewicht abhängt. mini: Ein schmaler Block wird entlang der Ausgaben wiederholt, was weit weniger Parameter trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>How to use files whose names don't name a split, if other files' names do.</source>
   <translation>Wofür Dateien eines Ordners verwendet werden, deren Namen keinen Teil nennen, wenn andere Namen einen nennen.</translation>
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
   <source>Hypotheses followed in parallel, of which the most likely is kept. 1 is greedy decoding; more is slower.</source>
   <translation>Hypothesen, die parallel verfolgt werden; die wahrscheinlichste bleibt. 1 dekodiert greedy; mehr ist langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>IDENTIFICATION HAS CHANGED</source>
   <translation>IDENTIFICATION HAS CHANGED</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>IRC log</source>
   <translation>IRC-Protokoll</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>IS TR</source>
   <translation>IS TR</translation>
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
   <source>If the last turn is the summary, write last_turn = "summary" into data.columns.</source>
   <translation>Ist der letzte Beitrag die Zusammenfassung, schreiben Sie last_turn = "summary" in data.columns.</translation>
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
   <source>In WhatsApp, open the chat and choose More, Export chat; then choose the zip or txt.</source>
   <translation>Öffnen Sie in WhatsApp den Chat und wählen Sie Mehr, Chat exportieren; wählen Sie dann die zip- oder txt-Datei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>In a recipe's file these are data.prompt and data.shots.</source>
   <translation>In der Datei eines Rezepts sind das data.prompt und data.shots.</translation>
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
   <location filename="../../engine/text/languages.py" />
   <source>Indonesian</source>
   <translation>Indonesisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Initial prefix: the model's keys and values for the words of a text, or random values. With projection it is always random.</source>
   <translation>Anfangswerte des Prefix: die Schlüssel und Werte des Modells für die Wörter eines Textes, oder Zufallswerte. Mit Projektion sind sie immer zufällig.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Initial rank</source>
   <translation>Anfangsrang</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Initial value of the trained scales of the ranks. Usually small.</source>
   <translation>Anfangswert der trainierten Skalen der Ränge. Üblich ist ein kleiner.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Initial values of the pair. default: A random, B zero. gaussian: the same, normally distributed. orthogonal: orthogonal to each other, so their product is zero. pissa, olora: factors of the weight itself (SVD or QR). eva: the main directions of the layer's inputs on the first training examples.</source>
   <translation>Anfangswerte des Paars. Vorgabe: A zufällig, B null. gaussian: dasselbe, normalverteilt. orthogonal: orthogonal zueinander, sodass ihr Produkt null ist. pissa, olora: Faktoren des Gewichts selbst (durch SVD oder QR). eva: die Hauptrichtungen der Eingaben der Schicht bei den ersten Trainingsbeispielen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Initial vectors: the embeddings of a text, of random words of the vocabulary, or random values.</source>
   <translation>Anfangswerte der Vektoren: die Embeddings eines Textes, zufälliger Wörter des Wortschatzes, oder Zufallswerte.</translation>
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
   <source>Inputs that are rotated together. Larger blocks can learn more and train more parameters. If it doesn't divide a layer's width, the nearest size that does is used.</source>
   <translation>Zahl der Eingaben, die zusammen rotiert werden. Größere Blöcke können mehr lernen und trainieren mehr Parameter. Wo die Größe die Breite einer Schicht nicht teilt, wird die nächstliegende genommen, die es tut.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Inputs that are rotated together; must divide the input widths of all adapted layers. Larger blocks can learn more and train more parameters.</source>
   <translation>Zahl der Eingaben, die zusammen rotiert werden; die Größe muss die Eingabebreiten aller angepassten Schichten teilen. Größere Blöcke können mehr lernen und trainieren mehr Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Inserts a few trained vectors before the embedded conversation, like an instruction in words that no vocabulary has. Nothing else is trained: 20 vectors of width 512 are 10,240 parameters. It needs a high learning rate and patience, and larger models gain more.</source>
   <translation>Fügt vor dem eingebetteten Gespräch einige trainierte Vektoren ein, wie eine Anweisung in Wörtern, die in keinem Wortschatz stehen. Sonst wird nichts trainiert: 20 Vektoren für ein 512 breites Modell sind 10.240 Parameter, die kleinsten Adapter, die es gibt. Es braucht eine hohe Lernrate und Geduld, und größere Modelle gewinnen mehr.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Inserts a small network after attention and feed-forward: a narrow layer, an activation function and a layer back to the model's width, whose result is added. A solid all-rounder that can learn things no weight change can. It can't be merged into the weights, so generation is a little slower. (Houlsby et al. 2019; Pfeiffer et al. 2020)</source>
   <translation>Fügt nach Attention und Feed-Forward ein kleines Netz ein: eine schmale Schicht, eine Aktivierungsfunktion und eine Schicht zurück auf die Breite des Modells, deren Ergebnis addiert wird. Es beginnt bei null, sodass das Training beim Basismodell beginnt. Nehmen Sie es als solides Verfahren für alles, das lernt, was keine Änderung eines Gewichts kann. Es lässt sich nicht mit den Gewichten verschmelzen, sodass das Schreiben etwas langsamer ist. (Houlsby et al. 2019; Pfeiffer et al. 2020)</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Install OpenSSH's client.</source>
   <translation>Installieren Sie den Client von OpenSSH.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install Tunesmith there with all its dependencies.</source>
   <translation>Installieren Sie dort Tunesmith mit allem, was es braucht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Install a torch built for an older CUDA, or choose cpu.</source>
   <translation>Installieren Sie ein torch, das für ein älteres CUDA gebaut ist, oder wählen Sie cpu.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>Install it (`pip install bitsandbytes`), or choose AdamW or Adafactor.</source>
   <translation>Installieren Sie es (`pip install bitsandbytes`), oder wählen Sie AdamW oder Adafactor.</translation>
  </message>
  <message>
   <location filename="../../engine/system/optional_dependencies.py" />
   <source>Install it (`pip install bitsandbytes`), or choose quantization "none".</source>
   <translation>Installieren Sie es (`pip install bitsandbytes`), oder wählen Sie als Quantisierung „keine“.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Install it there and start the head with `{1} node start`.</source>
   <translation>Installieren Sie es dort, und starten Sie den Kopfknoten mit `{1} node start`.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install it there, and {1}.</source>
   <translation>Installieren Sie es dort, und {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Install it: pip install 'ray[default]'.</source>
   <translation>Installieren Sie es: pip install 'ray[default]'.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>Install it: pip install ctranslate2.</source>
   <translation>Installieren Sie es: pip install ctranslate2.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>Install it: pip install gguf.</source>
   <translation>Installieren Sie es: pip install gguf.</translation>
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
   <source>Install pip beside Tunesmith: python -m ensurepip, or uv tool install --with pip.</source>
   <translation>Installieren Sie pip neben Tunesmith: python -m ensurepip oder uv tool install --with pip.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Install the driver of the {1} and restart the computer.</source>
   <translation>Installieren Sie den Treiber der {1} und starten Sie den Computer neu.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install the same version on both.</source>
   <translation>Installieren Sie auf beiden dieselbe Version.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Install the same version to get bit-identical results.</source>
   <translation>Installieren Sie dieselbe Version, damit die Ergebnisse bis aufs Bit übereinstimmen.</translation>
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
   <location filename="../../engine/data/column_mapping.py" />
   <source>It can be "{1}", or be left out.</source>
   <translation>Möglich ist „{1}“, oder nichts.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/layer_merge.py" />
   <source>It changes weights that layers share. Export the adapter instead.</source>
   <translation>Er ändert Gewichte, die sich im Basismodell mehrere Schichten teilen. Exportieren Sie stattdessen den Adapter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>It contains adapters in folders, such as {1}. Download one and import its folder.</source>
   <translation>Es enthält Adapter in Ordnern, etwa {1}. Holen Sie selbst einen davon, und importieren Sie seinen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>It continues at {1}.</source>
   <translation>Er geht auf {1} weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>It could overwrite the base model, so it isn't loaded. Export the adapter again.</source>
   <translation>Er könnte das Basismodell überschreiben und wird deshalb nicht geladen. Exportieren Sie den Adapter erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>It crashed. The queue resumes it from its last checkpoint.</source>
   <translation>Sein Arbeitsprozess endete unerwartet. Die Warteschlange setzt ihn vom letzten Prüfpunkt an fort.</translation>
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
   <location filename="../../engine/arena/seed_sets.py" />
   <source>It has no scores per conversation, so it is listed separately from the other seeds.</source>
   <translation>Die Wertungen einzelner Gespräche fehlen, deshalb steht er getrennt von den übrigen Startwerten.</translation>
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
   <source>It is a model; use it as the base model of a recipe.</source>
   <translation>Es ist ein Modell: Ein Rezept kann es als Basismodell nennen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>It is kept in {1}.</source>
   <translation>Es liegt in {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>It is read as one text: the model can't learn who says what.</source>
   <translation>Es wird als ein Text gelesen: Das Modell kann nicht lernen, wer was sagt.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>It is read as one turn of the first speaker.</source>
   <translation>Es wird als ein Beitrag des ersten Sprechers gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>It is used by: {1}.</source>
   <translation>Sie wird genutzt von: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>It may come from a later version of PEFT.</source>
   <translation>Er stammt vielleicht von einer späteren PEFT-Version.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>It mixes more vectors than the bank has.</source>
   <translation>Es werden mehr Vektoren gemischt, als die Bank enthält.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>It names no speakers, so the model can't learn who says what.</source>
   <translation>Niemand wird darin genannt: Das Modell kann nicht lernen, wer was sagt.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>It runs on another computer. The queue follows it.</source>
   <translation>Er geht auf einem anderen Computer weiter. Die Warteschlange verfolgt ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>It says more than the conversation.</source>
   <translation>Sie sagt mehr als das Gespräch.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>It stays whole because its times have no dates.</source>
   <translation>Er bleibt ganz, da seine Zeiten kein Datum haben.</translation>
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
   <location filename="../../engine/arena/seed_sets.py" />
   <source>It was scored on different conversations than the other seeds.</source>
   <translation>Er wurde an anderen Gesprächen bewertet als die übrigen Startwerte.</translation>
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
   <location filename="../../engine/config/training.py" />
   <source>Its file lacks what training needs. Train without it.</source>
   <translation>Seine Datei enthält nicht alles, was das Training braucht. Trainieren Sie ohne ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>Its items are lists.</source>
   <translation>Ihre Elemente sind Listen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>Its last log lines are below.</source>
   <translation>Seine letzten Protokollzeilen stehen unten.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Its log is {1}.</source>
   <translation>Das Protokoll ist {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/rows.py" />
   <source>Its loss on general text was measured on a different text.</source>
   <translation>Sein Verlust auf allgemeinem Text wurde an einem anderen Text gemessen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Its names: {1}{2}, as in {3}.</source>
   <translation>Namen dort: {1}{2}, wie in {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>Its run no longer exists. Run it again, or remove it.</source>
   <translation>Sein Lauf existiert nicht mehr. Führen Sie ihn noch einmal aus, oder entfernen Sie ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>Its summaries can't be read. Remove it, and add the file again.</source>
   <translation>Seine Zusammenfassungen sind nicht lesbar. Entfernen Sie den Eintrag, und fügen Sie die Datei erneut hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Its weights must be safetensors files; loading other formats can run code.</source>
   <translation>Seine Gewichte müssen safetensors-Dateien sein: Andere Formate können beim Laden Code ausführen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>JO KW MU YE</source>
   <translation>JO KW MU YE</translation>
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
   <source>Keep every N-th example of each split. 1 keeps all.</source>
   <translation>Von jedem Teil nur jedes N-te Beispiel behalten. 1: alle.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>Keep only one kind in the folder.</source>
   <translation>Lassen Sie nur eine Art im Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Khmer</source>
   <translation>Khmer</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Kind of parameters: all, weights, biases or norms</source>
   <translation>Art der Parameter: all, weights, biases oder norms</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Kinds of personal data to mask in conversations and summaries.</source>
   <translation>Arten persönlicher Daten, die in Gesprächen und Zusammenfassungen maskiert werden.</translation>
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
   <location filename="../../engine/text/pii.py" />
   <source>LY PT ST</source>
   <translation>LY PT ST</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Language</source>
   <translation>Sprache</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Language of the summaries, by which ROUGE splits words. Auto: detected for each conversation.</source>
   <translation>Die Sprache der Zusammenfassungen, nach der ROUGE ihre Wörter liest. auto: aus jedem Gespräch und seiner Zusammenfassung erkannt.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Lao</source>
   <translation>Laotisch</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Largest change at the start of training, as a multiple of the weight's norm. It is trained too.</source>
   <translation>Größte Änderung zu Beginn des Trainings, als Vielfaches der Norm des Gewichts. Sie wird mittrainiert.</translation>
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
   <source>Layers of the LSTM; the MLP has its own two.</source>
   <translation>Schichten des LSTM; das MLP hat seine eigenen zwei.</translation>
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
   <source>Learning rate of the matrix B, as a multiple of the run's (LoRA+). 1: the same. Published: 16.</source>
   <translation>Lernrate der Matrix B, als Vielfaches der des Laufs (LoRA+). 1: dieselbe. Veröffentlicht: 16.</translation>
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
   <source>Leave the epochs automatic (training.epochs = 0): they follow the number of examples.</source>
   <translation>Lassen Sie die Epochen automatisch (training.epochs = 0): Sie richten sich nach der Zahl der Beispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Leave the maximum length automatic (evaluation.max_new_tokens): it follows the data.</source>
   <translation>Lassen Sie die Höchstlänge automatisch (evaluation.max_new_tokens): Sie richtet sich nach den Daten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Leave the reference limit automatic (data.max_summary_tokens): it follows the data.</source>
   <translation>Lassen Sie die Referenzgrenze automatisch (data.max_summary_tokens): Sie richtet sich nach den Daten.</translation>
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
   <source>Length of a vector in the bank; must divide the widths of all adapted layers. Empty: the largest that does, up to 256.</source>
   <translation>Länge eines Vektors der Bank; sie muss die Breiten aller angepassten Schichten teilen. Leer: die größte, die es tut, bis 256.</translation>
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
   <source>License ::</source>
   <translation>License ::</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/licences.py" />
   <source>License-Expression</source>
   <translation>License-Expression</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Liger kernels</source>
   <translation>Liger-Kernels</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger's kernels are not used: the base model is sharded.</source>
   <translation>Die Kernels von Liger werden nicht genutzt: Das Basismodell ist aufgeteilt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger's kernels are not used: {1} doesn't work with them.</source>
   <translation>Die Kernels von Liger werden nicht genutzt: {1} und sie schließen einander aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>Liger's kernels don't work here: {1}.</source>
   <translation>Die Kernels von Liger laufen hier nicht: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Like LoRA, but learns direction and strength separately: every direction keeps length one, and one trained bound per layer limits its change. Long training or a high learning rate therefore harms the model less than with LoRA. Use it if runs get worse towards their end. (Bini et al. 2025)</source>
   <translation>Wie LoRA, aber Richtung und Stärke werden getrennt gelernt: Jede Richtung behält die Länge eins, und eine trainierte Grenze je Schicht begrenzt deren ganze Änderung. Langes Training oder eine hohe Lernrate verderben das Modell deshalb weniger leicht als bei LoRA. Nehmen Sie es, wo Läufe gegen Ende schlechter werden. (Bini et al. 2025)</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Like the base model, it is scored with the recipe's prompt.</source>
   <translation>Er wird mit dem Prompt des Rezepts bewertet, wie das Basismodell.</translation>
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
   <source>LoRA with bounded strength</source>
   <translation>LoRA mit begrenzter Stärke</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Loading .bin files can run code, so only safetensors files are accepted.</source>
   <translation>Gewichte in .bin-Dateien können beim Laden Code ausführen, deshalb wird nur safetensors genommen.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Longer conversations are truncated, with a notice.</source>
   <translation>Längere Gespräche werden gekürzt, mit einem Hinweis.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Longer reference summaries are truncated, with a notice. Automatic: as long as the longest, up to 1,024.</source>
   <translation>Längere Referenzen werden mit einem Hinweis gekürzt. Automatisch: so lang wie die längste, bis 1.024.</translation>
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
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>Lower the learning rate, or use float32; resume continues from the last checkpoint.</source>
   <translation>Senken Sie die Lernrate, oder verwenden Sie float32; das Fortsetzen beginnt beim letzten Prüfpunkt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>Lower the limit of conversations or summaries.</source>
   <translation>Senken Sie die Grenze für Gespräche oder die für Zusammenfassungen.</translation>
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
   <location filename="../../engine/text/pii.py" />
   <source>MK SI</source>
   <translation>MK SI</translation>
  </message>
  <message>
   <location filename="../../engine/text/pii.py" />
   <source>MT SC</source>
   <translation>MT SC</translation>
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
   <source>Make it private on its page, {1}, or upload publicly.</source>
   <translation>Machen Sie es auf seiner Seite {1} privat, oder senden Sie öffentlich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Make it public on its page, {1}, or upload privately.</source>
   <translation>Machen Sie es auf seiner Seite {1} öffentlich, oder senden Sie privat.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Make it writable again</source>
   <translation>Machen Sie sie wieder beschreibbar</translation>
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
   <source>Maximum number of test examples.</source>
   <translation>Höchstzahl der Testbeispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Maximum number of training examples.</source>
   <translation>Höchstzahl der Trainingsbeispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Maximum number of validation examples.</source>
   <translation>Höchstzahl der Validierungsbeispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Meanwhile a run is slower and may run out of memory.</source>
   <translation>Ein Lauf daneben ist langsamer, und ihm kann der Speicher ausgehen.</translation>
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
   <location filename="../../engine/arena/arena_store.py" />
   <source>More than one arena is called or begins with "{1}".</source>
   <translation>Mehr als eine Arena heißt „{1}“ oder beginnt so.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/run_store.py" />
   <source>More than one run begins with "{1}".</source>
   <translation>Mehr als ein Lauf beginnt mit „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a chain of Householder reflections, each given by one trained vector. It preserves lengths and angles like OFT and is as small as LoRA: a middle way between the two. At the start the reflections cancel in pairs. (Yuan et al. 2024)</source>
   <translation>Multipliziert jedes Gewicht mit einer Kette von Householder-Spiegelungen, jede durch einen trainierten Vektor gegeben. Die Kette ändert nicht mehr Richtungen, als sie Spiegelungen hat: Sie erhält Längen und Winkel wie OFT und ist so klein wie LoRA. Am Anfang heben sich die Spiegelungen paarweise auf. Nehmen Sie es als Mittelweg zwischen LoRA und OFT. (Yuan et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a trained rotation instead of adding to it. A rotation preserves the lengths of the weight's rows and the angles between them, and with them much of what the base model knows. The inputs are rotated in blocks to keep the parameters few. Use it if the model must not forget what it can do. (Qiu et al. 2023)</source>
   <translation>Multipliziert jedes Gewicht mit einer trainierten Rotation, statt etwas zu addieren. Eine Rotation erhält die Längen der Zeilen des Gewichts und die Winkel zwischen ihnen, und damit viel von dem, was das Basismodell weiß. Die Eingaben werden Block für Block rotiert, sodass wenige Parameter trainiert werden. Nehmen Sie es, wo das Modell nicht vergessen darf, was es kann. (Qiu et al. 2023)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Multiplies keys, values and the inner activations of the feed-forward layers by trained vectors that start at one. It has very few trainable parameters, needs a high learning rate, and can be merged into the weights. Made for tiny adapters and few examples. (Liu et al. 2022)</source>
   <translation>Multipliziert Schlüssel, Werte und die inneren Aktivierungen der Feed-Forward-Schichten mit trainierten Vektoren, die bei eins beginnen. Es hat sehr wenige trainierbare Parameter, braucht eine hohe Lernrate und lässt sich mit den Gewichten verschmelzen. Nehmen Sie es für winzige Adapter und wenige Beispiele, wofür es gemacht ist. (Liu et al. 2022)</translation>
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
   <source>Name it as data.columns.group, or remove data.columns.speaker.</source>
   <translation>Nennen Sie sie als data.columns.group, oder lassen Sie data.columns.speaker weg.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>Name it as data.columns.group; or choose the conversation column, if each row is a whole one.</source>
   <translation>Nennen Sie sie als data.columns.group; oder wählen Sie die Spalte mit dem Gespräch, wenn jede Zeile ein ganzes ist.</translation>
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
   <location filename="../../engine/data/schema_inference.py" />
   <source>Name the column of turns as data.conversation, or leave data.columns empty.</source>
   <translation>Nennen Sie die Spalte mit den Beiträgen als data.conversation, oder lassen Sie data.columns leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Name the column with the summaries; on the command line with --column.</source>
   <translation>Nennen Sie die Spalte mit den Zusammenfassungen; auf der Kommandozeile mit --column.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Name the port of Ray's dashboard, usually {1}.</source>
   <translation>Geben Sie den Port von Rays Dashboard an, meist {1}.</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>Names can't be recognised in {1}: only numbers, times and dates are checked</source>
   <translation>Namen sind nicht erkennbar in: {1}. Dort zählen nur Zahlen, Uhrzeiten und Daten</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Names of modules left out</source>
   <translation>Namen ausgelassener Module</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Names of the layers that get an adapter after them</source>
   <translation>Namen der Schichten, nach denen ein Adapter kommt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Names of the modules that hold trained parameters</source>
   <translation>Namen der Module, die trainierte Parameter enthalten</translation>
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Names of the weight matrices that {1}. Empty: the method's default for this base model. "all-linear": every linear layer except the output head.</source>
   <translation>Namen der Gewichtsmatrizen, die {1}. Leer: die Vorgabe des Verfahrens für dieses Basismodell. „all-linear“ meint alle linearen Schichten außer dem Ausgabekopf.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Names, days and months can't be recognised in {1}: only digits are checked</source>
   <translation>Namen, Tage und Monate sind auf {1} nicht zu erkennen: Dort wird nur nach Ziffern gesucht</translation>
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
   <location filename="../../engine/data/schema_inference.py" />
   <source>No column says which rows belong to one conversation.</source>
   <translation>Keine Spalte sagt, welche Zeilen zu einem Gespräch gehören.</translation>
  </message>
  <message>
   <location filename="../../engine/data/findings.py" />
   <source>No conversation</source>
   <translation>Kein Gespräch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>No conversation {1} matches {2} of {3}.</source>
   <translation>Kein Gespräch {1} passt zu {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>No day and month names for {1}: only names and digits are checked</source>
   <translation>Tage und Monate sind auf {1} nicht bekannt: Dort wird nur nach Namen und Ziffern gesucht</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>No entry has been scored yet.</source>
   <translation>Noch kein Eintrag ist bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>No id in {1} belongs to a conversation {2}: {3} there, {4} here.</source>
   <translation>Keine ID in {1} ist die eines Gesprächs {2}: dort {3}, hier {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>No measurable difference</source>
   <translation>Kein messbarer Unterschied</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/places.py" />
   <source>No node of {1} has a GPU, and none has {2} CPUs; the most is {3}.</source>
   <translation>Kein Knoten von {1} hat eine GPU, und keiner hat {2} CPUs: es sind höchstens {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/places.py" />
   <source>No node of {1} has {2} GPUs; the most is {3}.</source>
   <translation>Kein Knoten von {1} hat {2} GPUs: es sind höchstens {3}.</translation>
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
   <source>No row of {1} has a summary, while rows of other splits do. Its columns are: {2}.</source>
   <translation>Keine Zeile von {1} hat eine Zusammenfassung, Zeilen anderer Teile haben eine. Die Spalten sind: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>No sequence of this many tokens occurs twice in a summary.</source>
   <translation>Keine Folge von so vielen Tokens wird zweimal erzeugt.</translation>
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
   <source>No vote prefers a summary yet, so there are no preference pairs.</source>
   <translation>Noch keine Stimme zieht eine Zusammenfassung vor, also gibt es keine Paare.</translation>
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
   <source>None found. Small models train on the CPU; larger ones need a GPU.</source>
   <translation>Keine gefunden. Kleine Modelle lernen auf der CPU; größere brauchen eine GPU.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>None of your conversations leave this computer: {1} already has everything.</source>
   <translation>Keine eigenen Gespräche verlassen diesen Computer: {1} hat alles, was nötig ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>None would fit: lower the conversation limit.</source>
   <translation>Keines würde passen: Senken Sie die Gesprächsgrenze.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Normally distributed start</source>
   <translation>Normalverteilter Start</translation>
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
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Not scored because {1} has no summary: {2} (ids: {3}).</source>
   <translation>Nicht bewertet, da {1} keine Zusammenfassung davon hat: {2} (IDs: {3}).</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Not scored yet: seed {1}.</source>
   <translation>Noch nicht bewertet: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Not shown: {1} about how files are read.</source>
   <translation>Nicht gezeigt: {1}, wie Dateien gelesen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Not tested with {1}, but still on: {2}.</source>
   <translation>Mit {1} nicht getestet und trotzdem an: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Not tested with {1}, so the library's own code is used instead of: {2}.</source>
   <translation>Mit {1} nicht getestet, deshalb läuft der Code der Bibliothek anstelle von: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Not tried</source>
   <translation>Nicht erprobt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Not used by this tuner</source>
   <translation>Von diesem Tuner nicht verwendet</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Nothing in {1} is named like "{2}".</source>
   <translation>Nichts in {1} hat einen Namen wie „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/arrivals.py" />
   <source>Nothing was saved. Ask whoever runs the cluster.</source>
   <translation>Nichts davon wurde behalten. Fragen Sie, wer den Cluster betreibt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Number format of the frozen weights. Auto: bfloat16 if the device supports it well, otherwise float32. T5 overflows in float16.</source>
   <translation>Zahlenformat der eingefrorenen Gewichte. Automatisch: bfloat16, wo das Gerät es gut kann, sonst float32. T5 läuft in float16 über.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Number of directions of the change, each of length one.</source>
   <translation>Zahl der Richtungen der Änderung, jede mit der Länge eins.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Number of examples to score, the first ones.</source>
   <translation>Zahl der bewerteten Beispiele, die ersten.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Number of reflections; must be even, since they start as pairs that cancel.</source>
   <translation>Zahl der Spiegelungen. Sie muss gerade sein: Sie beginnen als Paare, die sich aufheben.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Number of tasks in the file. Only the first is trained; the others keep their initial values.</source>
   <translation>Zahl der Aufgaben in der Datei. Gespräche sind eine Aufgabe: Die erste wird trainiert, andere behalten ihre Anfangswerte.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Number of vectors in the bank that all layers share. Larger models need more.</source>
   <translation>Zahl der Vektoren in der Bank, die sich alle Schichten teilen. Größere Modelle brauchen mehr.</translation>
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
   <location filename="../../engine/maintenance/licences.py" />
   <source>OSI Approved</source>
   <translation>OSI Approved</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>Objects with texts, turns or messages: single, one per line, or in lists.</source>
   <translation>Objekte, einzeln, eines je Zeile oder in Listen, mit Texten, Beiträgen oder Nachrichten an beliebiger Stelle.</translation>
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
   <source>Older formats can run code, so they are not loaded. Choose another base model.</source>
   <translation>Ältere Formate können beim Laden Code ausführen und werden deshalb nicht geladen. Wählen Sie ein anderes Basismodell.</translation>
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
   <location filename="../../engine/data/file_kinds.py" />
   <source>One conversation and its summary per row, or one turn per row.</source>
   <translation>In jeder Zeile ein Gespräch und seine Zusammenfassung, oder in jeder Zeile ein Beitrag.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>One conversation each. Scanned pages contain no text.</source>
   <translation>Je ein Gespräch, aus Text; eine eingescannte Seite hat keinen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>One conversation per line, its summary in the same line of x.tgt or x.target.</source>
   <translation>In jeder Zeile ein Gespräch, seine Zusammenfassung in derselben Zeile von x.tgt oder x.target.</translation>
  </message>
  <message>
   <location filename="../../engine/data/file_kinds.py" />
   <source>One conversation, or a chat that is split at pauses. The summary is a file beside it: x.txt and x.summary.txt, or folders dialogues and summaries.</source>
   <translation>Ein Gespräch, oder ein Chat, der an Pausen in Gespräche geteilt wird. Eine Zusammenfassung liegt daneben: x.txt und x.summary.txt, oder Ordner dialogues und summaries.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/rows.py" />
   <source>One conversation, so no interval.</source>
   <translation>Ein Gespräch, also kein Intervall.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>One method on a base model in fewer and fewer bits</source>
   <translation>Ein Verfahren auf einem Basismodell in immer weniger Bit</translation>
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
   <location filename="../../engine/config/prompts.py" />
   <source>One sentence</source>
   <translation>Ein Satz</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Only checkpoints with an adapter.toml can be promoted.</source>
   <translation>Nur Prüfpunkte mit einer adapter.toml lassen sich übernehmen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Only layers with these names; * stands for anything: decoder.block.*.SelfAttention, lm_head, q. Case doesn't matter. Empty: all names.</source>
   <translation>Nur Schichten mit solchen Namen; * steht für Beliebiges: decoder.block.*.SelfAttention, lm_head, q. Groß- und Kleinschreibung sind gleich. Leer: Schichten jedes Namens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Only modules with such names</source>
   <translation>Nur Module mit solchen Namen</translation>
  </message>
  <message>
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Only one seed is scored, so the interval covers conversations alone.</source>
   <translation>Ein Startwert ist bewertet, deshalb erfasst das Intervall nur die Gespräche.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Only one selective adapter can be active at a time.</source>
   <translation>Nur ein auswählender Adapter kann zugleich aktiv sein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>Only the last blocks of each stack; 0 is all</source>
   <translation>Nur die letzten Blöcke jedes Stapels; 0 heißt alle</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>Only these can be changed: {1}. For anything else, start a new run.</source>
   <translation>Ändern lassen sich: {1}. Für alles andere beginnen Sie einen neuen Lauf.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>Only trained weights can be shared.</source>
   <translation>Nur was trainiert wurde, wird weitergegeben.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Only {1} to test on; a verdict needs at least {2}.</source>
   <translation>Nur {1} zum Testen; ein Urteil braucht mindestens {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>Only {1} to train on; a model learns little from fewer than {2}.</source>
   <translation>Nur {1} zum Trainieren; aus weniger als {2} lernt ein Modell wenig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Open it and save it again.</source>
   <translation>Öffnen Sie sie und speichern Sie sie neu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Open it and save it as docx, or as text.</source>
   <translation>Öffnen Sie es und speichern Sie es als docx oder als Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Open it and save it as docx.</source>
   <translation>Öffnen Sie es und speichern Sie es als docx.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Open it in a spreadsheet, and save the table as xlsx or csv.</source>
   <translation>Öffnen Sie sie in einer Tabellenkalkulation, und speichern Sie die Tabelle als xlsx oder csv.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Open it with that one.</source>
   <translation>Öffnen Sie sie mit jener.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Open it, and save or print it without the password.</source>
   <translation>Öffnen Sie es und speichern oder drucken Sie es ohne Passwort.</translation>
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
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Orthogonal fine-tuning with small exact rotations and a trained scale for every output. The paper chains several rotations in a butterfly pattern, so that small blocks reach all inputs; PEFT needs a compiled CUDA extension for that, so Tunesmith uses one factor, which works everywhere. Use it for OFT with very small blocks. (Liu et al. 2024)</source>
   <translation>Orthogonale Feinabstimmung mit kleinen exakten Rotationen und einer trainierten Skala für jede Ausgabe. Der Artikel verkettet mehrere solche Rotationen in einem Schmetterlingsmuster, sodass kleine Blöcke alle Eingaben erreichen. PEFT hat die Kette nur, wo sich eine CUDA-Erweiterung übersetzen lässt; hier hat sie einen Faktor, damit ein Adapter auf jedem Computer derselbe ist. Nehmen Sie es für OFT mit sehr kleinen Blöcken. (Liu et al. 2024)</translation>
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
   <source>Other columns are: {1}.</source>
   <translation>Andere Spalten sind: {1}.</translation>
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
   <source>Other users can write to the folder of temporary files.</source>
   <translation>Der Ordner für temporäre Dateien gehört nicht diesem Benutzer allein.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Outputs that the repeated block of the mini form spans; must divide the outputs of all adapted layers.</source>
   <translation>Ausgaben, die der wiederholte Block der Form mini umfasst; die Zahl muss die Ausgaben aller angepassten Schichten teilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/rouge.py" />
   <source>Overlap of words between a summary and a reference summary.</source>
   <translation>Überschneidung der Wörter von Zusammenfassung und Referenzzusammenfassung.</translation>
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
   <source>Pairs of adjacent words in both summary and reference.</source>
   <translation>Paare benachbarter Wörter, die in Zusammenfassung und Referenz vorkommen.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Pashto</source>
   <translation>Paschtu</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Passes over the training examples. Automatic: enough for their number.</source>
   <translation>Zahl der Durchgänge durch die Trainingsbeispiele. Automatisch: genug für deren Zahl.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Patience</source>
   <translation>Geduld</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>Permission denied</source>
   <translation>Permission denied</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Persian</source>
   <translation>Persisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Personal data is masked in the texts ({1}).</source>
   <translation>Persönliche Daten sind in den Texten maskiert ({1}).</translation>
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
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Picks a few random entries of each weight (one or two percent in the paper) and trains a change of only these. The change is sparse and of high rank. The positions come from a seed and are stored with the values. Use it if only few of the base model's weights may change. (Bhardwaj et al. 2024)</source>
   <translation>Wählt zufällig einige Einträge jedes Gewichts aus, im Artikel einen oder zwei von hundert, und trainiert eine Änderung nur für diese. Die Änderung ist dünn besetzt und hat einen hohen Rang. Die Positionen werden aus einem Startwert gezogen und mit den Werten gespeichert. Nehmen Sie es, wo sich nur wenige Gewichte des Basismodells ändern dürfen. (Bhardwaj et al. 2024)</translation>
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
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prefix tuning</source>
   <translation>Prefix-Tuning</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Prompt tuning whose vectors are computed by a small network, so that they learn together and an ordinary learning rate works. The network, an MLP or an LSTM that reads the vectors in order, is needed only for training: the adapter contains the finished vectors and is as small as one of prompt tuning.</source>
   <translation>Prompt-Tuning, dessen Vektoren ein kleines Netz berechnet, sodass sie gemeinsam lernen und eine gewöhnliche Lernrate genügt. Das Netz, ein MLP oder ein LSTM, das die Vektoren der Reihe nach liest, wird nur beim Training gebraucht: Der Adapter enthält die fertigen Vektoren und ist so klein wie einer von Prompt-Tuning.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Provide one summary per conversation {1}, in order, or a column "id". {2}</source>
   <translation>Geben Sie zu jedem Gespräch {1} eine Zusammenfassung an, in deren Reihenfolge, oder eine Spalte „id“. {2}</translation>
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
   <source>Put it back and resume, or start again with the recipe.</source>
   <translation>Legen Sie ihn zurück und setzen Sie fort, oder beginnen Sie mit dem Rezept von vorn.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Put it back.</source>
   <translation>Legen Sie sie zurück.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>Put one summary, as text, into each row.</source>
   <translation>Schreiben Sie in jede Zeile eine Zusammenfassung als Text.</translation>
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
   <source>Raise the conversation limit (data.max_conversation_tokens) to keep conversations whole.</source>
   <translation>Erhöhen Sie die Gesprächsgrenze (data.max_conversation_tokens), um Gespräche ganz zu lassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Raise the conversation limit (data.max_conversation_tokens).</source>
   <translation>Erhöhen Sie die Gesprächsgrenze (data.max_conversation_tokens).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>Raise the maximum length (evaluation.max_new_tokens) to score them whole.</source>
   <translation>Erhöhen Sie die Höchstlänge (evaluation.max_new_tokens), um sie ganz zu bewerten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Raise the minutes (training.max_minutes) to train longer.</source>
   <translation>Erhöhen Sie die Minuten (training.max_minutes), um länger zu trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/session.py" />
   <source>Raise the number of pairs.</source>
   <translation>Erhöhen Sie die Zahl der Paare.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Raise the number of scored examples (evaluation.examples).</source>
   <translation>Erhöhen Sie die Zahl der bewerteten Beispiele (evaluation.examples).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Raise the reference limit (data.max_summary_tokens) to keep summaries whole.</source>
   <translation>Erhöhen Sie die Referenzgrenze (data.max_summary_tokens), um Zusammenfassungen ganz zu lassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>Raise the step limit (training.max_steps); 0 is no limit.</source>
   <translation>Erhöhen Sie die Höchstzahl der Schritte (training.max_steps); 0 heißt unbegrenzt.</translation>
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
   <source>Rank of an added LoRA</source>
   <translation>Rang einer zusätzlichen LoRA</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Rank of an ordinary LoRA pair that is added for the whole weight.</source>
   <translation>Rang eines gewöhnlichen LoRA-Paars, das für das ganze Gewicht hinzukommt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Rank of every layer at the start, from which the least important ranks are removed. Often 1.5 times the rank.</source>
   <translation>Rang jeder Schicht am Anfang, von dem die unwichtigsten Ränge entfernt werden. Oft das 1,5-Fache des Rangs.</translation>
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
   <source>Rank {1} ended before it could join the run.</source>
   <translation>Rank {1} endete, bevor er am Lauf teilnehmen konnte.</translation>
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
   <location filename="../../engine/computers/node.py" />
   <source>Ray runtime started</source>
   <translation>Ray runtime started</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Read it again once it is whole.</source>
   <translation>Lesen Sie sie noch einmal, wenn sie vollständig ist.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Read the conversation and say in one sentence what it comes to.

{conversation}

In one sentence:</source>
   <translation>Read the conversation and say in one sentence what it comes to.

{conversation}

In one sentence:</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Read the other rows</source>
   <translation>Die anderen Zeilen lesen</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
   <source>Reading the conversations</source>
   <translation>Gespräche werden gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>RecipeError</source>
   <translation>RecipeError</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Recompute activations instead of storing them: less memory, more time.</source>
   <translation>Aktivierungen zweimal berechnen, statt sie zu speichern: weniger Speicher, mehr Zeit.</translation>
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
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Remove the link, or replace it with the file. To import from the hub's cache, use OWNER/NAME.</source>
   <translation>Lassen Sie sie weg, oder legen Sie die Datei selbst dorthin. Was im Cache des Hubs liegt, wird als BESITZER/NAME importiert.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>Remove the role "id".</source>
   <translation>Lassen Sie die Rolle „id“ weg.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Remove {1} from it, and give the files their usual names.</source>
   <translation>Entfernen Sie {1} daraus, und geben Sie den Dateien ihre üblichen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>Remove {1} from it, and import the adapter separately.</source>
   <translation>Entfernen Sie {1} daraus, und importieren Sie den Adapter für sich.</translation>
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
   <source>Repair the rows, or check that the file's extension is right.</source>
   <translation>Reparieren Sie die Zeilen, oder sehen Sie nach, ob die Endung des Namens zur Datei passt.</translation>
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
   <source>Repeated or cut to the number of virtual tokens. Only for a start from text.</source>
   <translation>Auf die Zahl der virtuellen Tokens wiederholt oder gekürzt. Nur für einen Start mit Text.</translation>
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
   <location filename="../../engine/worker/jobs/push.py" />
   <source>Replace the link with the file, or export the model again.</source>
   <translation>Legen Sie die Datei selbst dorthin, oder exportieren Sie das Modell noch einmal.</translation>
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
   <location filename="../../engine/cluster/places.py" />
   <source>Resources</source>
   <translation>Resources</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Restart the computer; if that doesn't help, reinstall the driver.</source>
   <translation>Starten Sie den Computer neu; hilft das nicht, installieren Sie den Treiber noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/training_script.py" />
   <source>Restore the files, or export it as peft.</source>
   <translation>Stellen Sie die Dateien wieder her, oder exportieren Sie ihn als peft.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/comparisons.py" />
   <source>Restore them from a backup, or start a new comparison.</source>
   <translation>Stellen Sie sie aus einer Sicherung wieder her, oder beginnen Sie einen neuen Vergleich.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Restore them from a backup.</source>
   <translation>Stellen Sie sie aus einer Sicherung wieder her.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>Results are correct, but it may take longer.</source>
   <translation>Die Ergebnisse stimmen; die Arbeit kann länger dauern.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
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
   <location filename="../../engine/config/data_options.py" />
   <source>Rows with these findings of the data check are excluded.</source>
   <translation>Zeilen mit diesen Befunden der Datenprüfung werden ausgelassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Rows {1} and {2} of {3} have the same id, "{4}", and different summaries.</source>
   <translation>Die Zeilen {1} und {2} von {3} haben dieselbe ID, „{4}“, und verschiedene Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>Run OCR first, and choose the resulting PDF or text.</source>
   <translation>Lassen Sie zuerst den Text erkennen (OCR) und wählen Sie die PDF- oder Textdatei, die dabei entsteht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Run OCR first, and save the text as txt.</source>
   <translation>Lassen Sie zuerst den Text erkennen (OCR) und speichern Sie ihn als txt.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/token.py" />
   <source>Run `chmod 600 {1}`.</source>
   <translation>Führen Sie `chmod 600 {1}` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Run `hf auth login` once, with a token that has write access.</source>
   <translation>Führen Sie einmal `hf auth login` aus, mit einem Token, das schreiben darf.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Run `{1}`.</source>
   <translation>Führen Sie `{1}` aus.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/file_scores.py" />
   <source>Run an entry again, and compare with that one.</source>
   <translation>Führen Sie einen Eintrag noch einmal aus, und vergleichen Sie mit diesem.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Run an entry again; scores are now stored with their conversations.</source>
   <translation>Führen Sie einen Eintrag noch einmal aus: Seine Wertungen werden mit den Gesprächen gespeichert.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Run “{1}” in a terminal to download the torch build for this GPU.</source>
   <translation>Führen Sie „{1}“ in einem Terminal aus, um das passende torch für diese GPU herunterzuladen.</translation>
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
   <source>SLURM can't use the folder {1}: its name contains a line break.</source>
   <translation>SLURM kann der Ordner {1} nicht genannt werden: Er enthält einen Zeilenumbruch.</translation>
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
   <source>Sample from the most likely tokens that together have this probability. 1: from all.</source>
   <translation>Aus den wahrscheinlichsten Tokens ziehen, die zusammen diese Wahrscheinlichkeit haben. 1: aus allen.</translation>
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
   <source>Save it as eml, or drag it out of another mail program.</source>
   <translation>Speichern Sie sie als eml, oder ziehen Sie sie aus einem anderen Mailprogramm.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Save it without a password, or export its table as csv.</source>
   <translation>Speichern Sie sie ohne Passwort, oder exportieren Sie ihre Tabelle als csv.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Save it without the password, and choose it again.</source>
   <translation>Speichern Sie sie ohne das Passwort, und wählen Sie sie noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save its conversations as csv, or as JSON lines.</source>
   <translation>Speichern Sie ihre Gespräche als csv oder als JSON-Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Save them as srt or vtt, for example with Subtitle Edit.</source>
   <translation>Speichern Sie sie als srt oder vtt, zum Beispiel mit Subtitle Edit.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Scale by alpha over the square root of the rank (rsLoRA), so that high ranks keep learning.</source>
   <translation>Mit Alpha geteilt durch die Wurzel des Rangs skalieren (rsLoRA), damit hohe Ränge weiter lernen.</translation>
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
   <location filename="../../engine/arena/seed_sets.py" />
   <source>Scored by a different protocol: seed {1}.</source>
   <translation>Nach einem anderen Protokoll bewertet: Startwert {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Scored summaries</source>
   <translation>Bewertete Zusammenfassungen</translation>
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
   <location filename="../../engine/jobs/run_state.py" />
   <source>Scoring</source>
   <translation>Bewertung</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Scottish Gaelic</source>
   <translation>Schottisch-Gälisch</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>See the worker's log in {1} for details.</source>
   <translation>Das Protokoll des Arbeitsprozesses unter {1} enthält die Einzelheiten.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Seed</source>
   <translation>Startwert</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Seed for sampling. The same seed gives the same summary.</source>
   <translation>Startwert des Ziehens. Derselbe Startwert ergibt dieselbe Zusammenfassung, was auch sonst zugleich erzeugt wird.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Seed of the random splits, for a source without splits.</source>
   <translation>Startwert der zufälligen Teile einer Quelle, die keine hat.</translation>
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
   <location filename="../../engine/jobs/run_state.py" />
   <source>Sending to the hub</source>
   <translation>Wird an den Hub gesendet</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Sequences of 1 to 6 characters in both summary and reference. Works the same in every language.</source>
   <translation>Folgen von 1 bis 6 Zeichen, die in Zusammenfassung und Referenz stehen. Braucht keine Wörter und liest daher jede Sprache gleich.</translation>
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
   <source>Set TUNESMITH_HOME to a folder on a disk of this computer.</source>
   <translation>Setzen Sie TUNESMITH_HOME auf einen Ordner auf einem Datenträger dieses Computers.</translation>
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
   <location filename="../../engine/system/ranks.py" />
   <source>Set {1} to the interface of a trusted network: {2}.</source>
   <translation>Lassen Sie {1} die Schnittstelle eines Netzes ohne Fremde nennen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/runs/slurm_script.py" />
   <source>Set {1} to the nodes' interface of a trusted network, or use one node.</source>
   <translation>Lassen Sie {1} die Schnittstelle der Knoten in einem Netz ohne Fremde nennen, oder verlangen Sie einen Knoten.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>Settings may not name files, models or code, and numbers must be within the usual limits. If you trust the adapter, remove the setting.</source>
   <translation>Einstellungen dürfen keine Dateien, Modelle oder Programme nennen, und Zahlen müssen im üblichen Rahmen sein. Entfernen Sie die Einstellung, wenn Sie dem Adapter trauen.</translation>
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
   <source>Share the repository with no one until the licence's owner has agreed.</source>
   <translation>Lassen Sie niemanden sonst in das Repository, bevor der Eigentümer zugestimmt hat.</translation>
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
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Sheets of {1} that are read as splits: {2}.</source>
   <translation>Von {1} werden diese Blätter als Teile gelesen: {2}.</translation>
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
   <source>Shorten the prompt, or lower the limit of summaries.</source>
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
   <source>Size of a circulant block; must divide the widths of all adapted layers. Larger blocks train fewer parameters. Empty: the largest that divides, up to 256.</source>
   <translation>Größe eines zirkulanten Blocks; sie muss die Breiten aller angepassten Schichten teilen. Größere Blöcke trainieren weniger Parameter. Leer: die größte, die teilt, bis 256.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Size of the shards of a weight. A higher rank can learn more and trains more parameters.</source>
   <translation>Größe der Scherben, in die ein Gewicht zerlegt wird. Ein höherer Rang kann mehr lernen und trainiert mehr Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Size of the smaller factor. Empty: as near to a square as the layer allows.</source>
   <translation>Größe des kleineren Faktors. Leer: so nahe an einem Quadrat, wie die Schicht es erlaubt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped because it contains no chat messages: {1}.</source>
   <translation>Ausgelassen, da keine Nachrichten eines Chats darin stehen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Skipped because it has no {1}: {2} of {3}. {4}</source>
   <translation>Ohne {1} übersprungen: {2} von {3}. {4}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Skipped because no row has a summary: {1}.</source>
   <translation>Weggelassen, da keine Zeile davon eine Zusammenfassung hat: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>Skipped because of its columns: {1}; they are: {2}.</source>
   <translation>Wegen der Spalten ausgelassen: {1}; sie sind: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped because other files are read: {1}.</source>
   <translation>Ausgelassen, da andere Dateien gelesen werden: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped because such files can't be read: {1} ({2}).</source>
   <translation>Ausgelassen, da solche Dateien nicht gelesen werden: {1} ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Skipped because the name contains no split: {1}.</source>
   <translation>Ausgelassen, da kein Teil im Namen steht: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Skipped because they have no {1}: {2} rows of {3} ({4}{5}). {6}</source>
   <translation>Ohne {1} übersprungen: {2} Zeilen von {3} ({4}{5}). {6}</translation>
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
   <location filename="../../engine/methods/low_rank.py" />
   <source>Smoothing of each rank's estimated sensitivity over the steps.</source>
   <translation>Glättung der geschätzten Empfindlichkeit jedes Rangs über die Schritte.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Smoothing of the uncertainty of that estimate.</source>
   <translation>Glättung der Unsicherheit dieser Schätzung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>So the prompt is plain, without chat messages.</source>
   <translation>Darum ist der Prompt einfach, ohne die Beiträge eines Chats.</translation>
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
   <location filename="../../engine/jobs/event_schema.py" />
   <source>Some events of the run are damaged and were skipped.</source>
   <translation>Einige Ereignisse des Laufs sind beschädigt und wurden übersprungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>Some files are named after splits ({1}), others are not: {2}.</source>
   <translation>Die Namen einiger Dateien nennen ihren Teil ({1}), die anderer nicht: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>Some rows have several objects in "{1}"; "{2}" is that of the first.</source>
   <translation>In manchen Zeilen stehen mehrere Objekte in „{1}“: „{2}“ ist das des ersten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Some words may be tokenized differently than in training. The original model (folder or hub id) is exact.</source>
   <translation>Manche Wörter können in andere Token zerfallen, als das Modell gelernt hat. Genau sind der Ordner des Modells selbst oder seine Hub-Kennung.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/store_client.py" />
   <source>Something else may be answering in its place. Ask whoever runs the cluster before you send anything.</source>
   <translation>Vielleicht antwortet etwas anderes an seiner Stelle. Fragen Sie, wer den Cluster betreibt, bevor Sie etwas senden.</translation>
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
   <location filename="../../engine/worker/readers/table.py" />
   <source>Split it into several files, or shorten its rows.</source>
   <translation>Teilen Sie sie in mehrere Dateien, oder kürzen Sie ihre Zeilen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Split seed</source>
   <translation>Startwert der Teile</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Splits LoRA's thin matrices into short vectors and composes each as a weighted sum of a few vectors from a bank that all layers share. The bank and the selection are trained, so layers learn from each other and store little of their own. It starts from small random values, not exactly at the base model. Use it for very small adapters. (Li et al. 2024)</source>
   <translation>Zerlegt die dünnen Matrizen von LoRA in kurze Vektoren und setzt jeden aus einer Bank zusammen, die sich alle Schichten teilen: eine gewichtete Summe der wenigen Vektoren der Bank, die er auswählt. Bank und Auswahl werden trainiert, sodass Schichten voneinander lernen und wenig Eigenes speichern. Es beginnt mit kleinen Zufallswerten, also nicht genau beim Basismodell. Nehmen Sie es, wo ein Adapter sehr klein sein muss. (Li et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Splits each weight into a grid of blocks, each with its own thin pair. It trains as many parameters as LoRA of the same rank, but the whole change can have a higher rank, and outliers among the inputs disturb only their own blocks. Use it if a higher rank no longer improves LoRA. (Jung et al. 2025)</source>
   <translation>Zerlegt jedes Gewicht in ein Raster von Blöcken und gibt jedem Block ein eigenes dünnes Paar. Es trainiert so viele Parameter wie eine LoRA gleichen Rangs, aber die ganze Änderung kann einen höheren Rang haben, und einzelne Ausreißer der Eingaben stören nur ihre eigenen Blöcke. Nehmen Sie es, wo LoRA mit mehr Rang nicht besser oder sogar schlechter wird. (Jung et al. 2025)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Splits each weight into shards along its inputs and trains one small block that is added to all of them. A single matrix that starts at zero replaces LoRA's two, so it learns quickly and needs less memory: a fast LoRA with half the parameters. Earlier versions were called Bone and DiSHA. (Kang and Yin 2024)</source>
   <translation>Zerlegt jedes Gewicht entlang seiner Eingaben in Scherben und trainiert einen kleinen Block, der zu allen addiert wird. Statt der zwei Matrizen von LoRA gibt es eine einzige, die bei null beginnt; sie lernt schnell und braucht weniger Speicher. Frühere Fassungen hießen Bone und DiSHA. Nehmen Sie es als schnelle LoRA mit halb so vielen Parametern. (Kang und Yin 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Splits the base model over several GPUs (FSDP), for models that don't fit on one. Slower.</source>
   <translation>Verteilt das Basismodell auf mehrere GPUs (FSDP), wenn es nicht auf eine passt. Langsamer.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Splits the vectors before the input into a prompt that tasks share and a low-rank factor for each task, by which it is multiplied. Summarising is a single task, so it trains one prompt and one factor. Use it if you want to use the shared prompt for other tasks later.</source>
   <translation>Zerlegt die Vektoren vor der Eingabe in einen Prompt, den sich Aufgaben teilen, und einen niedrigrangigen Faktor je Aufgabe, mit dem er multipliziert wird. Gespräche zusammenzufassen ist eine einzige Aufgabe, also trainiert es hier einen Prompt und einen Faktor. Nehmen Sie es, wo der gemeinsame Prompt später für andere Aufgaben verwendet wird.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Start a new adapter, or use this one without training.</source>
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
   <source>Start again to download it again.</source>
   <translation>Starten Sie noch einmal: Sie wird neu heruntergeladen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start again, or choose another name.</source>
   <translation>Starten Sie noch einmal, oder wählen Sie einen anderen Namen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Start again; the download continues where it stopped.</source>
   <translation>Starten Sie noch einmal: Der Download geht von dort weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>Start again; what was downloaded is kept.</source>
   <translation>Starten Sie noch einmal: Was bisher kam, bleibt erhalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start again; what was uploaded is not sent again.</source>
   <translation>Starten Sie noch einmal: Was angekommen ist, wird nicht noch einmal gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Start all of them at the same time.</source>
   <translation>Starten Sie alle zur gleichen Zeit.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>Start all ranks with the same recipe and the same --set.</source>
   <translation>Starten Sie alle Ranks mit demselben Rezept und denselben --set.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Start another one.</source>
   <translation>Beginnen Sie eine weitere.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>Start as many processes as there are GPUs.</source>
   <translation>Starten Sie so viele Prozesse, wie es GPUs gibt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Start from</source>
   <translation>Start mit</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>Start it again; a run resumes from its last checkpoint with any number of ranks.</source>
   <translation>Starten Sie erneut: Ein Lauf wird von seinem letzten Prüfpunkt fortgesetzt, mit beliebig vielen Ranks.</translation>
  </message>
  <message>
   <location filename="../../engine/config/hub_sources.py" />
   <source>Start it without --offline and HF_HUB_OFFLINE, or choose a file on this computer.</source>
   <translation>Starten Sie ohne --offline und HF_HUB_OFFLINE, oder wählen Sie eine Datei auf diesem Computer.</translation>
  </message>
  <message>
   <location filename="../../engine/config/hub_sources.py" />
   <source>Start it without --offline and HF_HUB_OFFLINE, or choose a folder on this computer.</source>
   <translation>Starten Sie ohne --offline und HF_HUB_OFFLINE, oder wählen Sie einen Ordner auf diesem Computer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Start it without --offline and HF_HUB_OFFLINE.</source>
   <translation>Starten Sie es ohne --offline und HF_HUB_OFFLINE.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Start it without --offline.</source>
   <translation>Starten Sie es ohne --offline.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Start its head with `{1} node start`, or connect over SSH.</source>
   <translation>Starten Sie seinen Kopfknoten mit `{1} node start`, oder verbinden Sie sich über SSH.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>Start one rank per GPU, or choose cpu for all.</source>
   <translation>Starten Sie einen Rank je GPU, oder wählen Sie cpu für alle.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Start the head with `{1} node start --host` and its address, and check its firewall.</source>
   <translation>Starten Sie den Kopfrechner mit `{1} node start --host` und seiner Adresse, und prüfen Sie seine Firewall.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Start the queue first: a file is scored on the conversations of a scored entry.</source>
   <translation>Starten Sie die Warteschlange: Eine Datei wird auf den Gesprächen eines bewerteten Eintrags bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Start with torchrun or `accelerate launch`, which set the variables.</source>
   <translation>Starten Sie mit torchrun oder `accelerate launch`, die die Variablen setzen.</translation>
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
   <location filename="../../engine/jobs/run_state.py" />
   <source>Starting the worker</source>
   <translation>Arbeitsprozess startet</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Starts as a LoRA of a higher rank, measures the importance of each rank of each layer, and removes the least important ones until the average rank is reached. The finished adapter is an ordinary LoRA whose rank differs by layer. Use it for runs of at least a few hundred steps; shorter ones can't measure the importance. (Zhang et al. 2023)</source>
   <translation>Beginnt als LoRA mit höherem Rang, misst die Wichtigkeit jedes Rangs jeder Schicht und entfernt die unwichtigsten, bis der mittlere Rang erreicht ist: Wichtigere Schichten behalten mehr. Der fertige Adapter ist eine gewöhnliche LoRA, deren Rang je Schicht verschieden ist. Nehmen Sie es für Läufe von einigen hundert Schritten oder mehr: Kürzere sind zu kurz, um die Wichtigkeit zu messen. (Zhang et al. 2023)</translation>
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
   <source>Step size of the optimizer. Empty: the method's preset for this base model.</source>
   <translation>Schrittweite des Optimierers. Leer: die Vorlage des Verfahrens für dieses Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>Step {1} is skipped because its loss is not finite.</source>
   <translation>Schritt {1} wird übersprungen: Sein Verlust ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps at most</source>
   <translation>Max. Schritte</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between checkpoints. Automatic: once per epoch, at most 10 times if the epochs are automatic too.</source>
   <translation>Schritte zwischen zwei Prüfpunkten. Automatisch: einmal je Epoche, aber höchstens 10-mal, wenn auch die Epochen automatisch sind.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between evaluations on the validation split. Automatic: once per epoch, at most 10 times if the epochs are automatic too.</source>
   <translation>Schritte zwischen zwei Bewertungen am Validierungsteil. Automatisch: einmal je Epoche, aber höchstens 10-mal, wenn auch die Epochen automatisch sind.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Steps between two allocations of the ranks. Empty: about a hundred allocations in a run.</source>
   <translation>Schritte zwischen zwei Verteilungen der Ränge. Leer: etwa hundert Verteilungen je Lauf.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Steps between two reports of the loss.</source>
   <translation>Schritte zwischen zwei Meldungen des Verlusts.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Stop it first.</source>
   <translation>Stoppen Sie das vorher.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>Stopped at step {1}: {2} without a better {3}.</source>
   <translation>Gestoppt bei Schritt {1}: {2} ohne Verbesserung ({3}).</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Stops after this many evaluations without improvement. Automatic: 3 if the epochs are automatic too and there are at least 10 validation examples, otherwise never.</source>
   <translation>Nach so vielen Bewertungen ohne Verbesserung des besten Stands stoppen. Automatisch: nach 3, wenn auch die Epochen automatisch sind und es mindestens 10 Validierungsbeispiele gibt, sonst nie.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Stops after this many steps, even if the epochs have more.</source>
   <translation>Nach so vielen Schritten aufhören, wenn die Epochen mehr haben.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>Store the base model in 8 or 4 bits: less memory, slightly different outputs.</source>
   <translation>Das Basismodell in 8 oder 4 Bit speichern: weniger Speicher, leicht andere Ausgaben.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Strength of the change. Scale it and the learning rate against each other.</source>
   <translation>Stärke der Änderung. Stimmen Sie sie und die Lernrate aufeinander ab.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Strength of the change: it is scaled by alpha over rank.</source>
   <translation>Stärke der Änderung: Sie wird mit Alpha geteilt durch den Rang skaliert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Often once or twice the rank.</source>
   <translation>Stärke der Änderung: Sie wird mit Alpha geteilt durch den Rang skaliert. Oft das Ein- oder Zweifache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Often twice the rank.</source>
   <translation>Stärke der Änderung: Sie wird mit Alpha geteilt durch den Rang skaliert. Oft das Zweifache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Usual is 20 times the rank.</source>
   <translation>Stärke der Änderung: Sie wird mit Alpha geteilt durch den Rang skaliert. Üblich ist das 20-Fache des Rangs.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Strength of the change: it is scaled by alpha over the initial rank.</source>
   <translation>Stärke der Änderung: Sie wird mit Alpha geteilt durch den Anfangsrang skaliert.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Summaries are cut off after this many tokens.</source>
   <translation>Zusammenfassungen werden nach so vielen Tokens abgeschnitten.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Summaries are cut off after this many tokens. Automatic: long enough for 99 % of the reference summaries.</source>
   <translation>Nach so vielen Tokens werden Zusammenfassungen gekürzt. Automatisch: so lang wie die Referenzen der Daten, bis auf das längste Hundertstel.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
   <source>Summarising</source>
   <translation>Wird zusammengefasst</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Summarize the following conversation in one or two short sentences.</source>
   <translation>Summarize the following conversation in one or two short sentences.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Summarize the following conversation.

{conversation}

Summary:</source>
   <translation>Summarize the following conversation.

{conversation}

Summary:</translation>
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
   <source>Synchronise both clocks; event times are the node's.</source>
   <translation>Stellen Sie beide nach einem Zeitserver; die Zeiten der Ereignisse sind die des Knotens.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/json_exports/messengers.py" />
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
   <location filename="../../engine/worker/readers/databases.py" />
   <source>Tables of {1} that are read as splits: {2}.</source>
   <translation>Von {1} werden diese Tabellen als Teile gelesen: {2}.</translation>
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
   <source>Text above the table of {1} is not read: {2}.</source>
   <translation>In {1} steht dies über der Tabelle und wird nicht gelesen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Text on which the loss before and after shows what the model forgot. Auto: the bundled text. None: not measured. Or a text file with passages separated by blank lines.</source>
   <translation>Der Text, an dem der Verlust von Basismodell und Adapter zeigt, was das Training anderswo gekostet hat. Auto: der mitgelieferte Text. None: nicht gemessen. Oder eine Textdatei, deren Abschnitte durch Leerzeilen getrennt sind.</translation>
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
   <source>The GPU driver {1} is too old: this torch, built for {2}, needs {3}.</source>
   <translation>Der GPU-Treiber {1} ist zu alt: Dieses torch, gebaut für {2}, braucht {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>The GPU ran out of memory; from now on {1} tokens are computed at a time.</source>
   <translation>Der GPU-Speicher reichte nicht; ab jetzt werden {1} Tokens auf einmal gerechnet.</translation>
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
   <source>The MLP encoder always has two hidden layers.</source>
   <translation>Der MLP-Encoder hat immer zwei verborgene Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>The activation function between the adapter's two layers.</source>
   <translation>Die Aktivierungsfunktion zwischen den zwei Schichten des Adapters.</translation>
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
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The adapter doesn't say which prompt it was trained with.</source>
   <translation>Der Adapter sagt nicht, mit welchem Prompt er trainiert wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The adapter has no recipe that names its conversations.</source>
   <translation>Der Adapter hat kein Rezept, das seine Gespräche nennt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>The address of the hub or its proxy is invalid.</source>
   <translation>Die Adresse des Hubs oder die des Proxys davor ist keine.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/external_summaries.py" />
   <source>The arena already has an entry "{1}".</source>
   <translation>Die Arena hat schon einen Eintrag „{1}“.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>The arena in {1} was deleted or can't be written.</source>
   <translation>Die Arena in {1} ist weg oder lässt sich nicht schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entries.py" />
   <source>The arena {1} can't be read.</source>
   <translation>Die Arena {1} lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/file_scores.py" />
   <source>The arena's runs were scored with another metric: {1} there, {2} here.</source>
   <translation>Die Läufe der Arena wurden mit einer anderen Metrik bewertet: dort {1}, hier {2}.</translation>
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
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The base model {1} is under {2}.</source>
   <translation>Das Basismodell {1} steht unter {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template adds too much to its input.</source>
   <translation>Die Chat-Vorlage des Basismodells fügt den Texten, die sie bekommt, zu viel hinzu.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template changes its input.</source>
   <translation>Die Chat-Vorlage des Basismodells verändert die Texte, die sie bekommt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template crashed the process that ran it.</source>
   <translation>Die Chat-Vorlage des Basismodells hat den Prozess beendet, der sie ausführte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template doesn't finish within {1} seconds.</source>
   <translation>Die Chat-Vorlage des Basismodells endet nicht innerhalb von {1} Sekunden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template drops or repeats its input.</source>
   <translation>Die Chat-Vorlage des Basismodells lässt die Texte, die sie bekommt, weg oder wiederholt sie.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template fails: {1}</source>
   <translation>Die Chat-Vorlage des Basismodells scheitert: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/chat_template.py" />
   <source>The base model's chat template needs too much memory.</source>
   <translation>Die Chat-Vorlage des Basismodells braucht zu viel Speicher.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/interim_evaluation.py" />
   <source>The base model's validation loss is not finite.</source>
   <translation>Der Validierungsverlust des Basismodells ist nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>The bat form computes with dequantized weights, so on an int8 base it would not start at the base model.</source>
   <translation>Die Form bat rechnet mit dequantisierten Gewichten und würde auf einem int8-Basismodell nicht bei diesem beginnen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The bat form's rank</source>
   <translation>Der Rang der Form bat</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The best state can't be chosen by ROUGE-1 because no summaries are scored during training.</source>
   <translation>Der beste Stand lässt sich nicht nach ROUGE-1 wählen: Während des Trainings werden keine Zusammenfassungen bewertet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>The best state so far</source>
   <translation>Der bisher beste Stand</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/model_selection.py" />
   <source>The best was {1} at step {2}.</source>
   <translation>Am besten war {1} bei Schritt {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The block size</source>
   <translation>Die Blockgröße</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/sharded_base.py" />
   <source>The blocks of {1} are unknown, so it can't be sharded.</source>
   <translation>Die Blöcke von {1} sind nicht bekannt, deshalb lässt es sich nicht aufteilen.</translation>
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
   <source>The closest method that does: {1}.</source>
   <translation>Am nächsten kommt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>The closest method that supports them: {1}.</source>
   <translation>Am nächsten kommt, was auch diese unterstützt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>The closest method that works: {1}.</source>
   <translation>Am nächsten kommt: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>The cluster at {1} has no token, so anyone on its network could read what you send.</source>
   <translation>Der Cluster von {1} hat kein Token: Jeder in seinem Netz könnte lesen, was dorthin gesendet wird.</translation>
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
   <location filename="../../engine/cluster/arrivals.py" />
   <source>The cluster sent a file that doesn't belong to the run: {1}.</source>
   <translation>Der Cluster hat eine Datei gesendet, die der Lauf nicht hat: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>The cluster sent an unexpected file.</source>
   <translation>Der Cluster hat eine Datei gesendet, die er nicht senden soll.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>The cluster sent more events for the run than their file can hold.</source>
   <translation>Der Cluster meldete mehr über den Lauf, als dessen Ereignisse fassen.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/arrivals.py" />
   <source>The cluster sent the adapter {1} as {2}.</source>
   <translation>Der Cluster hat den Adapter {1} als {2} gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/data/summary_lists.py" />
   <source>The column "{1}" contains lists. They may be the sentences of one summary, or several summaries: {2}.</source>
   <translation>Die Spalte „{1}“ enthält Listen. Sie können die Sätze einer Zusammenfassung oder mehrere Zusammenfassungen sein: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The column "{1}" contains no lists of turns.</source>
   <translation>Die Spalte „{1}“ enthält keine Listen von Beiträgen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The column "{1}" contains {2}, which can't be a {3}.</source>
   <translation>Die Spalte „{1}“ enthält {2}, und das ist nie: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The column "{1}" has no {2} in the {3} split.</source>
   <translation>Die Spalte „{1}“ ist im Teil {3} leer (gesucht: {2}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>The column "{1}" of "{2}" contains bytes; such cells are read as empty.</source>
   <translation>In der Spalte „{1}“ von „{2}“ stehen Bytes, kein Text: Solche Zellen sind leer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>The column "{1}" of {2} contains {3} instead of text and is not read.</source>
   <translation>Die Spalte „{1}“ von {2} enthält {3}, keinen Text, und wird nicht gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_names.py" />
   <source>The columns are: {1}.</source>
   <translation>Die Spalten sind: {1}.</translation>
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
   <source>The config.json of {1} declares {2} layers, but there are {3} weights.</source>
   <translation>Die config.json von {1} verlangt {2} Schichten, und es gibt {3} Gewichte.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}, but there are {4} tokens.</source>
   <translation>Die config.json von {1} sagt {2} = {3}, und es gibt {4} Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}, which is not a number from 1 to {4}.</source>
   <translation>In der config.json von {1} steht {2} = {3}, und das ist keine Zahl von 1 bis {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The config.json of {1} says {2} = {3}, which would download and run code.</source>
   <translation>In der config.json von {1} steht {2} = {3}: Code, der geladen und ausgeführt würde.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The configuration of {1} declares a prefix of width {2}, but its weights have width {3}.</source>
   <translation>Die Konfiguration von {1} verlangt ein {2} breites Prefix, seine Gewichte sind aber {3} breit.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The configuration of {1} says {2} = {3}, but its weights contain {4}.</source>
   <translation>Die Konfiguration von {1} sagt {2} = {3}, seine Gewichte enthalten aber {4}.</translation>
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
   <translation>Das Gespräch enthält ein unvollständiges Zeichen, zum Beispiel ein halbes Emoji.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>The conversation is empty.</source>
   <translation>Das Gespräch ist leer.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The conversation is too long to add.</source>
   <translation>Das Gespräch ist zu lang, um hinzugefügt zu werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>The conversations are in {1}, but the base model is made for {2}.</source>
   <translation>Die Gespräche sind auf {1}, und das Basismodell ist gemacht für {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/training_script.py" />
   <source>The conversations have changed since {1} was trained.</source>
   <translation>Die Gespräche haben sich geändert, seit {1} trainiert wurde.</translation>
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
   <location filename="../../engine/voting/comparisons.py" />
   <source>The conversations of {1} were changed, so its votes no longer count.</source>
   <translation>Die Gespräche von {1} wurden geändert, also sind die Stimmen dazu ungültig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>The data contains no chat export that a pause could split.</source>
   <translation>In den Daten ist kein Chat-Export, den eine Pause teilen könnte.</translation>
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
   <source>The data has no {1} split: {2} held out for it.</source>
   <translation>Die Daten haben keinen Teil {1}; dafür zurückgehalten: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>The data has {1} conversations in all: --split all scores them all.</source>
   <translation>Die Daten haben insgesamt {1} Gespräche: --split all bewertet alle.</translation>
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
   <source>The disk is full: {1} can't be unpacked into {2}.</source>
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
   <location filename="../../engine/worker/hub/repository.py" />
   <source>The download needs {1}, but {2} has only {3} free.</source>
   <translation>Der Download braucht {1}, und in {2} sind {3} frei.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The encoder reads the vectors in order.</source>
   <translation>Der Encoder liest die Vektoren der Reihe nach.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>The engine that writes summaries. CTranslate2 is faster for small T5 models on a CPU. It uses a merged float32 model, converted once, shows only complete summaries, and can't sample.</source>
   <translation>Womit geschrieben wird. CTranslate2 ist mit kleinen T5-Modellen auf einer CPU schneller. Es nutzt ein verschmolzenes float32-Modell, das einmal umgewandelt wird, zeigt nur ganze Zusammenfassungen und kann nicht sampeln.</translation>
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
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The events can no longer be written.</source>
   <translation>Die Ereignisse lassen sich nicht mehr schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The events can no longer be written: the disk is full.</source>
   <translation>Die Ereignisse lassen sich nicht mehr schreiben: Die Festplatte ist voll.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The events can no longer be written: the disk is read-only.</source>
   <translation>Die Ereignisse lassen sich nicht mehr schreiben: Die Festplatte ist schreibgeschützt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>The examples in the prompt</source>
   <translation>Der Beispielteil des Prompts</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>The exclusions leave no conversation in the {1} split.</source>
   <translation>Was ausgeschlossen ist, lässt kein Gespräch im Teil {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/label_data.py" />
   <source>The exclusions leave no conversation of {1}.</source>
   <translation>Was ausgeschlossen ist, lässt kein Gespräch von {1} übrig.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/export.py" />
   <source>The export needs up to {1}, but {2} has only {3} free.</source>
   <translation>Der Export braucht bis zu {1}, auf {2} sind aber nur {3} frei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>The files are of several kinds: {1}.</source>
   <translation>Die Dateien sind von verschiedener Art: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>The files of {1} have changed since {2} was made for it.</source>
   <translation>Die Dateien von {1} haben sich geändert, seit {2} dafür gemacht wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/system/paths.py" />
   <source>The folder {1} can't be created: {2}.</source>
   <translation>Der Ordner {1} lässt sich nicht anlegen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>The folder {1} is gone: it was moved or deleted.</source>
   <translation>Der Ordner {1} ist weg: Er wurde verschoben oder gelöscht.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The fractions at full and at final rank leave no steps in which ranks are reduced.</source>
   <translation>„Mit vollem Rang“ und „Mit Endrang“ nehmen alle Schritte ein: Keiner bleibt, um Ränge zu senken.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_loop.py" />
   <source>The gradients overflow in float16, at step {1} and every step tried before it.</source>
   <translation>Die Gradienten laufen in float16 über, in Schritt {1} und in allen davor, die versucht wurden.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>The head can't be reached: {1}:{2} {3}.</source>
   <translation>Der Kopfrechner ist nicht erreichbar: {1}:{2} {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/tunnel.py" />
   <source>The host key of {1} has changed. It may be a different computer.</source>
   <translation>Der Schlüssel von {1} hat sich geändert: Es kann ein anderer Computer sein.</translation>
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
   <source>The initial rank, {1}, must be above the rank at the end, {2}.</source>
   <translation>Der Anfangsrang, {1}, muss über dem Rang am Ende liegen, {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The initialisation {1} doesn't work on an int8 base: saved as a plain LoRA it adds in a different order, which int8 layers round differently.</source>
   <translation>Die Initialisierung {1} geht nicht mit einem int8-Basismodell: Als einfache LoRA gespeichert addiert sie in anderer Reihenfolge, was int8-Schichten anders runden.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The language {1} is not known.</source>
   <translation>Die Sprache {1} ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The largest batch needs more memory than the {1} that is available.</source>
   <translation>Der größte Batch braucht mehr Speicher als die verfügbaren {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The largest batch needs {1} of memory, but only {2} is available.</source>
   <translation>Der größte Batch braucht {1} Speicher, verfügbar sind aber nur {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_mapping.py" />
   <source>The last turn can't be the summary if each row is a turn.</source>
   <translation>Der letzte Beitrag kann nicht die Zusammenfassung von Beiträgen in eigenen Zeilen sein.</translation>
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
   <source>The licence of the base model is unknown; check it before you share anything.</source>
   <translation>Die Lizenz des Basismodells ist nicht bekannt: Finden Sie sie heraus, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The licence of the base model {1} is unknown; check it before you share anything.</source>
   <translation>Die Lizenz des Basismodells {1} ist nicht bekannt: Finden Sie sie heraus, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The licence of the data is unknown; check it before you share anything.</source>
   <translation>Die Lizenz der Daten ist nicht bekannt: Finden Sie sie heraus, bevor Sie etwas weitergeben.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/store.py" />
   <source>The list of computers</source>
   <translation>Die Liste der Computer</translation>
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
   <location filename="../../engine/scoring/metrics.py" />
   <source>The longest sequence of words in both, gaps allowed.</source>
   <translation>Die längste Wortfolge, die in beiden vorkommt, Lücken erlaubt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>The longest stack of this model has {1}, not {2}.</source>
   <translation>Der längste Stapel dieses Modells hat {1}, nicht {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/general_loss.py" />
   <source>The loss on general text is not a finite number, so it is not shown.</source>
   <translation>Der Verlust auf allgemeinem Text ist keine endliche Zahl und wird weggelassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_loop.py" />
   <source>The loss or its gradients are not finite at step {1}, nor at the {2} steps before it.</source>
   <translation>Der Verlust oder seine Gradienten sind bei Schritt {1} nicht endlich, ebenso bei den {2} Schritten davor.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The matrix B learns faster</source>
   <translation>Die Matrix B lernt schneller</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The mini rank</source>
   <translation>Der Mini-Rang</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>The minimum length, {1} tokens, is above the maximum length, {2} tokens.</source>
   <translation>Die Mindestlänge, {1} Tokens, liegt über der Höchstlänge, {2} Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/ctranslate2_model.py" />
   <source>The model can't be converted for CTranslate2: {1}.</source>
   <translation>Das Modell lässt sich nicht für CTranslate2 umwandeln: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>The model ends them before the first word. An empty summary scores 0.</source>
   <translation>Das Modell beendet eine solche Zusammenfassung vor dem ersten Wort. Eine leere Zusammenfassung zählt als 0.</translation>
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
   <source>The model sees it before it is scored, so scores look better than they are.</source>
   <translation>Das Modell sieht es schon vor der Bewertung, also sehen die Wertungen besser aus, als sie sind.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/general_loss.py" />
   <source>The model's values exceed its number format. Try another precision.</source>
   <translation>Das Modell rechnet über den Bereich seines Zahlenformats hinaus. Eine andere Genauigkeit kann helfen.</translation>
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
   <source>The network that computes the vectors: each on its own (MLP), or in order (LSTM).</source>
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
   <translation>Auf dem Datenträger des Knotens sind {1} GB frei.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>The node has {1} {2}, this computer {3}; results may differ slightly.</source>
   <translation>Der Knoten hat {1} {2}, dieser Computer {3}: Ergebnisse können leicht abweichen.</translation>
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
   <source>The node's clock differs from this computer's by {1} s.</source>
   <translation>Die Uhr des Knotens weicht um {1} s von der dieses Computers ab.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>The norms of {1} models have no parameters to train.</source>
   <translation>Die Normen von {1}-Modellen haben keine Parameter zum Trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>The number of blocks</source>
   <translation>Die Zahl der Blöcke</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The number of layers in config.json is wrong. Copy the original file.</source>
   <translation>Die Zahl der Schichten in config.json ist falsch. Kopieren Sie die ursprüngliche Datei.</translation>
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
   <source>The package gguf, which checks the result, is not installed.</source>
   <translation>Das Paket gguf, mit dem sie zurückgelesen wird, ist nicht installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>The package has no converter.</source>
   <translation>Das Paket hat keinen Konverter.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>The practice model of Tunesmith is under {1}.</source>
   <translation>Das Übungsmodell von Tunesmith steht unter {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>The precision lost in {1} doesn't come back; the run trains with those weights.</source>
   <translation>Ihre Gewichte bleiben so grob, wie {1} sie gemacht hat, und ein Lauf trainiert damit.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>The processes can't meet: {1} is {2}.</source>
   <translation>Die Prozesse haben keinen Treffpunkt: {1} ist {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/recipe.py" />
   <source>The processes of a run compute each step together. Their number changes only the last digits of the result.</source>
   <translation>Die Prozesse eines Laufs berechnen jeden Schritt gemeinsam; eine andere Anzahl ergibt bis auf die letzten Stellen dasselbe.</translation>
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
   <source>The prompt of {1} contains {2}, which would be uploaded with it.</source>
   <translation>Der Prompt von {1} enthält {2}, und das ginge mit ihm zum Hub.</translation>
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
   <location filename="../../engine/config/recipe.py" />
   <source>The recipe {1} can't be read: {2}.</source>
   <translation>Das Rezept {1} lässt sich nicht lesen: {2}.</translation>
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
   <source>The rows don't fit into memory, and they can't be written to {1}: {2}.</source>
   <translation>Die Zeilen passen nicht in den Arbeitsspeicher, und {1} nimmt sie nicht auf: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>The run continues in {1} instead of {2}. Only the last digits of the result differ.</source>
   <translation>Der Lauf geht in {1} statt {2} weiter. Das Ergebnis ist bis auf die letzten Stellen dasselbe.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>The run continues. Only the last digits of the result differ.</source>
   <translation>Das Ergebnis ist bis auf die letzten Stellen dasselbe. Der Lauf geht weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/training_run.py" />
   <source>The run uses the libraries' own code; only rounding differs.</source>
   <translation>Der Lauf rechnet mit dem eigenen Code der Bibliotheken, bis auf die Rundung mit demselben Ergebnis.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>The run's events</source>
   <translation>Das Ereignisprotokoll des Laufs</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>The same seed gives the same run.</source>
   <translation>Derselbe Startwert ergibt denselben Lauf.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>The same, per sentence.</source>
   <translation>Dasselbe, Satz für Satz.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>The scored conversations of the arena's runs can't be read.</source>
   <translation>Die bewerteten Gespräche der Läufe der Arena sind nicht lesbar.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The set can't be created: {1}.</source>
   <translation>Die Sammlung lässt sich nicht anlegen: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>The sheet of a workbook, the table of a database or the list of a JSON object, or auto: all that are named after splits, else the first sheet that holds anything, or the only table or list.</source>
   <translation>Das Blatt einer Arbeitsmappe, die Tabelle einer Datenbank oder die Liste eines JSON-Objekts oder auto: alle, die nach Teilen heißen, sonst das erste Blatt, in dem etwas steht, oder die einzige Tabelle oder Liste.</translation>
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
   <source>The starting text has no tokens in the base model's vocabulary.</source>
   <translation>Der Anfangstext hat keine Tokens im Wortschatz des Basismodells.</translation>
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
   <source>The state that becomes the adapter: the best on the validation split, or the last. With automatic epochs and fewer than 10 validation examples, always the last.</source>
   <translation>Der Stand, der zum Adapter wird: der beste am Validierungsteil oder der letzte. Bei automatischen Epochen und weniger als 10 Validierungsbeispielen ist es immer der letzte.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summaries</source>
   <translation>Die Datei der Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>The summaries in {1} match their own conversations no better than the next ones.</source>
   <translation>Die Zusammenfassungen in {1} haben mit ihren eigenen Gesprächen nicht mehr gemeinsam als mit den jeweils nächsten.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summary has {1} characters.</source>
   <translation>Die Zusammenfassung hat {1} Zeichen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The summary is named twice: as a column and as the last turn.</source>
   <translation>Die Zusammenfassung ist zweimal angegeben: als Spalte und als letzter Beitrag.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/fallback_search.py" />
   <source>The system ran out of memory and killed one of the run's processes.</source>
   <translation>Das System hat einen Prozess, der einen Teil jedes Schritts berechnet, aus Speichermangel beendet.</translation>
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
   <location filename="../../engine/methods/sketches.py" />
   <source>The text of the prompt, and the examples it shows, before the conversation</source>
   <translation>Der Text des Prompts und die Beispiele, die er zeigt, vor dem Gespräch</translation>
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
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>The tokenizer of {1} can't be loaded: {2}</source>
   <translation>Der Tokenizer von {1} lässt sich nicht laden: {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>The tokenizer of {1} can't be saved in a model folder.</source>
   <translation>Der Tokenizer von {1} lässt sich nicht in einem Modellordner aufbewahren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>The tokenizer of {1} can't be used: {2}.</source>
   <translation>Der Tokenizer von {1} lässt sich nicht verwenden: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>The tokenizer of {1} has no token that ends a text.</source>
   <translation>Der Tokenizer von {1} hat kein Token, das einen Text beendet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>The tokenizer of {1} has {2} tokens, but the model has {3}.</source>
   <translation>Der Tokenizer von {1} hat {2} Tokens, und das Modell kennt {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>The tokenizer of {1} is not on this computer</source>
   <translation>Der Tokenizer von {1} ist nicht auf diesem Computer</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>The trained weights or optimizer state contain NaN or infinity, so they are not saved.</source>
   <translation>Die trainierten Gewichte oder der Zustand des Optimierers sind nicht mehr endlich und werden deshalb nicht gespeichert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>The training split has {1}, too few to show {2} in the prompt and train on others.</source>
   <translation>Der Trainingsteil hat {1}, zu wenige, um {2} im Prompt zu zeigen und mit anderen zu trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>The training split has {1}, too few to show {2} in the prompt.</source>
   <translation>Der Trainingsteil hat {1}, zu wenige, um {2} im Prompt zu zeigen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/run_changes.py" />
   <source>The training up to step {1} used the base model's original weights.</source>
   <translation>Was bis Schritt {1} trainiert wurde, braucht die ursprünglichen Gewichte des Basismodells.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>The turns of column "{1}" have no "{2}".</source>
   <translation>Den Beiträgen der Spalte „{1}“ fehlt „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>The usual one is "main".</source>
   <translation>Die meisten haben „main“.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/interim_evaluation.py" />
   <source>The validation loss at step {1} is not finite, so this state can't be the best.</source>
   <translation>Der Validierungsverlust bei Schritt {1} ist nicht endlich, dieser Stand kann also nicht der beste sein.</translation>
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
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>The weights of {1} contain {2}, which doesn't belong in an adapter of {3}.</source>
   <translation>Die Gewichte von {1} enthalten {2}, was kein Teil eines {3}-Adapters ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>The weights of {1} don't match its configuration, first at {2}.</source>
   <translation>{1} enthält nicht, was seine Konfiguration sagt, zuerst bei {2}.</translation>
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
   <source>The worker ended unexpectedly while memory was short.</source>
   <translation>Der Arbeitsprozess endete unerwartet, während der Speicher knapp war.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker ended unexpectedly with exit code {1}.</source>
   <translation>Der Arbeitsprozess endete unerwartet mit dem Code {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>The worker ended unexpectedly.</source>
   <translation>Der Arbeitsprozess endete unerwartet.</translation>
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
   <source>The worker was killed (SIGKILL), probably out of memory.</source>
   <translation>Der Arbeitsprozess wurde abgebrochen (SIGKILL), vermutlich aus Speichermangel.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>The {1} has no driver.</source>
   <translation>Für die {1} ist kein Treiber installiert.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>The {1} of {2} can't be read.</source>
   <translation>Die {1} von {2} lässt sich nicht lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>The {1} of {2} can't be read: {3}.</source>
   <translation>{1} von {2} lässt sich nicht lesen: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>The {1} of {2} can't be used: {3}</source>
   <translation>{1} von {2} lässt sich nicht verwenden: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>The {1} of {2} can't be written: {3}.</source>
   <translation>Die {1} von {2} lässt sich nicht schreiben: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The {1} of {2} contains no configuration.</source>
   <translation>Die {1} von {2} enthält keine Konfiguration.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/checkpoints.py" />
   <source>The {1} of {2} contains no state.</source>
   <translation>{1} von {2} enthält keinen Stand.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>The {1} of {2} doesn't name a PEFT method.</source>
   <translation>{1} von {2} nennt kein PEFT-Verfahren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>The {1} of {2} is damaged: {3}.</source>
   <translation>{1} von {2} ist beschädigt: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The {1} of {2} names {3}, which is not a safetensors file in its folder.</source>
   <translation>Die {1} von {2} nennt {3}, und das ist keine safetensors-Datei ihres Ordners.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>The {1} of {2} says {3}, files that can't be checked.</source>
   <translation>In {1} von {2} steht {3}: Dateien, die nichts prüft.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>Their order or ids may be wrong.</source>
   <translation>Ihre Reihenfolge oder ihre IDs sind vielleicht falsch.</translation>
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
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>There is no optimizer in 8 bits for Apple's GPUs.</source>
   <translation>Für Apples Grafikkarten gibt es keinen Optimierer mit 8 Bit.</translation>
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
   <source>These cells of {1} contain an error or a formula without a stored value and are read as empty: {2}. Open it in a spreadsheet and save it again.</source>
   <translation>In {1} enthalten diese Zellen einen Fehler oder eine Formel ohne gespeicherten Wert und werden als leer gelesen: {2}. Öffnen Sie die Datei in einer Tabellenkalkulation und speichern Sie sie erneut.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>These do: {1}.</source>
   <translation>Diese tun es: {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>These {1} conversations have no summaries yet.</source>
   <translation>Diese {1} Gespräche haben noch keine Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>They are ignored, which is fine for parts that don't process text.</source>
   <translation>Sie werden weggelassen. Bei Teilen, die keinen Text lesen, ist das richtig so.</translation>
  </message>
  <message>
   <location filename="../../engine/voting/systems.py" />
   <source>They did not summarise the same conversations.</source>
   <translation>Sie haben nicht dieselben Gespräche zusammengefasst.</translation>
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
   <location filename="../../engine/worker/text_metrics/summary_metrics.py" />
   <source>They score 0 in ROUGE; chrF reads all characters. English ROUGE reads only a to z and 0 to 9; set another language with {1}.</source>
   <translation>Jede Zusammenfassung davon erhält 0 in ROUGE; chrF liest alle Zeichen. Im Englischen liest ROUGE nur a bis z und 0 bis 9; eine andere Sprache stellt {1} ein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/generation/generate.py" />
   <source>This base model doesn't support beams: its cache can't be reordered.</source>
   <translation>Dieses Basismodell kann keinen Beams folgen: Sein Cache lässt sich nicht umordnen.</translation>
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
   <source>This base model supports {1} tokens; prompt and summary{2} need up to {3}.</source>
   <translation>Dieses Basismodell nimmt {1} Tokens; Prompt und Zusammenfassung{2} brauchen bis zu {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>This computer has an {1}, but this torch, built for {2}, can't use it.</source>
   <translation>Hier ist eine {1}, aber dieses torch, gebaut für {2}, verwendet sie nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>This computer is already a node of the cluster at {1}.</source>
   <translation>Dieser Computer ist schon ein Knoten, im Cluster bei {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>This conversation has no summary yet.</source>
   <translation>Dieses Gespräch hat noch keine Zusammenfassung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>This doesn't fit in the device's memory.</source>
   <translation>Der Speicher des Geräts reicht dafür nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/oom.py" />
   <source>This doesn't fit in this computer's memory.</source>
   <translation>Der Speicher dieses Computers reicht dafür nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>This is the unchanged base model: edit the prompt or add examples.</source>
   <translation>Das ist das Basismodell, wie es ist: Ändern Sie den Prompt, oder zeigen Sie Beispiele.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>This model has no {1} to train.</source>
   <translation>Dieses Modell hat keine {1} zum Trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>This run needs about {1} of memory, but only {2} is available.</source>
   <translation>Dieser Lauf braucht etwa {1} Speicher, verfügbar sind aber nur {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/supervisor.py" />
   <source>This run was started elsewhere and is still running. Following it from here.</source>
   <translation>Dieser Lauf läuft schon, anderswo gestartet. Hier wird er verfolgt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>This torch is built for {1} and can't use {2}.</source>
   <translation>Dieses torch ist für {1} gebaut und nutzt {2} nicht.</translation>
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
   <source>Three seeds show the spread; five show it well.</source>
   <translation>Drei zeigen die Streuung, fünf zeigen sie gut.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Tibetan</source>
   <translation>Tibetisch</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>To read them, move them to a separate folder.</source>
   <translation>Um sie zu lesen, legen Sie sie in einen eigenen Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/sources.py" />
   <source>To read them, save them as text, csv or JSON lines.</source>
   <translation>Speichern Sie den Inhalt als Text, csv oder JSON-Zeilen, um ihn zu lesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/batch_writer.py" />
   <source>Together the summaries of the parts exceed {1} tokens and are cut.</source>
   <translation>Die Zusammenfassungen der Teile sind zusammen länger als {1} Tokens und werden gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/token_lengths.py" />
   <source>Token lengths are counted with the tokenizer of {1}.</source>
   <translation>Token-Längen sind mit dem Tokenizer von {1} gezählt.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Tokens computed at a time. Fewer need less memory; the result is the same. Automatic: chosen for device and base model.</source>
   <translation>Tokens, die auf einmal berechnet werden. Weniger brauchen weniger Speicher und geben dasselbe Ergebnis. Automatisch: passend zu Gerät und Basismodell gewählt.</translation>
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
   <location filename="../../engine/methods/low_rank.py" />
   <source>Train each weight's magnitude separately from its direction (DoRA): learns more at low ranks, takes more time.</source>
   <translation>Den Betrag jedes Gewichts getrennt von seiner Richtung trainieren (DoRA): lernt mehr bei niedrigen Rängen, kostet mehr Zeit.</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Train on them</source>
   <translation>Damit trainieren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train the last blocks of each stack, which are nearest to the output.</source>
   <translation>Die letzten Blöcke jedes Stapels trainieren, die der Ausgabe am nächsten sind.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train weights or norms instead.</source>
   <translation>Trainieren Sie stattdessen Gewichte oder Normen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/sharded_base.py" />
   <source>Train without sharding.</source>
   <translation>Trainieren Sie, ohne es aufzuteilen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trainable parameters of each adapted layer: amplitudes at random frequencies. A layer with fewer weights gets as many as it has weights.</source>
   <translation>Trainierbare Parameter jeder angepassten Schicht: Amplituden bei zufälligen Frequenzen. Eine Schicht mit weniger Gewichten bekommt so viele, wie sie Gewichte hat.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Trained keys and values before those of the text</source>
   <translation>Trainierte Schlüssel und Werte vor denen des Textes</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained keys and values per decoder layer</source>
   <translation>Trainierte Schlüssel und Werte je Decoder-Schicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained keys and values that each attention layer of the decoder sees before the summary.</source>
   <translation>Zahl der trainierten Schlüssel und Werte, die jede Attention-Schicht des Decoders vor der Zusammenfassung sieht.</translation>
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
   <source>Trained vectors before the input. More can express more, but each takes time and a position of the context window.</source>
   <translation>Zahl der trainierten Vektoren vor der Eingabe. Mehr können mehr ausdrücken; jeder nimmt eine Position des Kontextfensters und Zeit.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/sketches.py" />
   <source>Trained vectors before those of the text</source>
   <translation>Trainierte Vektoren vor denen des Textes</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/run_state.py" />
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
   <source>Trains a copy of every weight of the base model. It is the yardstick: the most that can be learned, for an adapter as large as the base model and twice that in optimizer memory. The base model itself stays unchanged for comparison. Use it for small models, and to see what a smaller method costs in quality.</source>
   <translation>Trainiert eine Kopie jedes Gewichts des Basismodells. Das ist der Maßstab: das meiste, was sich lernen lässt, um den Preis eines Adapters, der so groß ist wie das Basismodell, und doppelt so viel Speicher für den Optimierer. Das Basismodell selbst bleibt unverändert, sodass sich beide vergleichen lassen. Nehmen Sie es für kleine Modelle, und um zu sehen, was ein kleineres Verfahren verschenkt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains a copy of some of the base model's own layers: the last blocks, those with certain names, or both. The last blocks change the text most, and the blocks below need no gradients, which saves time and memory. Use it if you know which part should change. Its adapters are as large as the chosen layers.</source>
   <translation>Trainiert eine Kopie einiger Schichten des Basismodells selbst: die letzten Blöcke, solche mit bestimmten Namen oder beides. Die letzten Blöcke ändern den erzeugten Text am meisten, und die Blöcke darunter brauchen keine Gradienten, was Zeit und Speicher spart. Nehmen Sie es, wenn Sie wissen, welcher Teil sich ändern soll. Seine Adapter sind so groß wie die gewählten Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains a few frequencies per weight</source>
   <translation>Trainiert wenige Frequenzen je Gewicht</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trains a small network that computes the prefix, which makes training more stable; its learning rate is a thirtieth of the run's. Only the finished prefix is saved.</source>
   <translation>Ein kleines Netz trainieren, das das Prefix berechnet; das macht das Training stabiler, und seine Lernrate ist ein Dreißigstel der des Laufs. Im Adapter wird nur das fertige Prefix gespeichert.</translation>
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
   <source>Trains nothing: the base model gets your prompt, with as many examples as you like, and is scored against itself with the plain prompt. It shows what prompting alone achieves, which a trained adapter has to beat. Only the prompt is saved.</source>
   <translation>Trainiert nichts: Das Basismodell liest Ihren Prompt mit so vielen Beispielen, wie Sie wollen, und wird gegen sich selbst mit dem einfachen Prompt bewertet. Das ist der andere Maßstab: was der Prompt allein erreicht und was ein trainierter Adapter übertreffen muss. Gespeichert wird nur der Prompt.</translation>
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
   <source>Trains the factors, and biases if there are any, of the norms between a transformer's layers: a few thousand parameters in all. Nearly every model has norms. Use it if an adapter must be as small as possible, or if the model has no biases for BitFit. (Zhao et al. 2024)</source>
   <translation>Zwischen seinen Schichten normalisiert ein Transformer seine Aktivierungen, mit einem Faktor für jede Dimension des Modells. LayerNorm-Tuning trainiert diese Faktoren und die Biases, die manche Normen haben: insgesamt einige tausend Parameter. Fast jedes Modell hat sie; nehmen Sie es also, wo ein Adapter so klein wie möglich sein muss oder BitFit keine Biases findet. (Zhao et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the norms only</source>
   <translation>Trainiert nur die Normen</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Trains with Liger's fused kernels on NVIDIA and AMD GPUs if liger-kernel is installed and supports the base model: faster, less memory, same result but for rounding. LoRA and AdaLoRA only.</source>
   <translation>Auf einer GPU von NVIDIA oder AMD mit den zusammengefassten Kernels von Liger Kernel trainieren, wo es installiert ist und das Basismodell kennt. Schneller und mit weniger Speicher; nur die Rundung ist anders. Mit LoRA und AdaLoRA.</translation>
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
   <source>Try again later; what was downloaded is kept.</source>
   <translation>Versuchen Sie es später noch einmal; was bisher kam, bleibt erhalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Try again later; what was uploaded is not sent again.</source>
   <translation>Versuchen Sie es später noch einmal: Was angekommen ist, wird nicht noch einmal gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>Try again.</source>
   <translation>Versuchen Sie es noch einmal.</translation>
  </message>
  <message>
   <location filename="../../engine/config/setting_text.py" />
   <source>Tunesmith</source>
   <translation>Tunesmith</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>Tunesmith deletes only what is in its library. Delete other folders yourself.</source>
   <translation>Tunesmith löscht nur, was in seiner Bibliothek liegt. Andere Ordner löschen Sie selbst.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>Tunesmith doesn't know its terms, so read them before you share anything.</source>
   <translation>Was sie über die Weitergabe sagt, ist hier nicht bekannt: Lesen Sie sie.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Tunesmith doesn't know where attention and feed-forward end in {1} models.</source>
   <translation>Wo Attention und Feed-Forward in einem {1}-Modell enden, ist nicht bekannt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>Tunesmith doesn't run models that bring their own code.</source>
   <translation>Modelle, die eigenen Code mitbringen, werden nicht ausgeführt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/desktop_entry.py" />
   <source>Tunesmith is already in the menu: {1} belongs to a package.</source>
   <translation>Tunesmith ist schon im Menü: {1} gehört zu einem Paket.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Tunesmith is offline, so it doesn't contact {1}.</source>
   <translation>Tunesmith ist offline, daher wird {1} nicht gefragt.</translation>
  </message>
  <message>
   <location filename="../../engine/system/connection.py" />
   <source>Tunesmith is offline, so nothing is fetched from the hub.</source>
   <translation>Tunesmith ist offline, also wird nichts vom Hub heruntergeladen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>Tunesmith is offline, so nothing is sent to the hub.</source>
   <translation>Tunesmith ist offline, deshalb wird nichts an den Hub gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>Tunesmith is offline, so nothing is sent to {1}.</source>
   <translation>Tunesmith ist offline, daher wird nichts an {1} gesendet.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/bridge.py" />
   <source>Tunesmith isn't installed in the node's Python.</source>
   <translation>Das Python des Knotens findet Tunesmith nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>Tunesmith isn't installed on the head of {1}.</source>
   <translation>Tunesmith ist auf dem Kopfknoten von {1} nicht zu finden.</translation>
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
   <source>Type the id of one of them.</source>
   <translation>Geben Sie die ID eines davon an.</translation>
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
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Under Applied to you see which layers the base model has.</source>
   <translation>Sehen Sie unter „Angewendet auf“, welche Schichten das Basismodell hat.</translation>
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
   <source>Unpack it and import each adapter on its own.</source>
   <translation>Entpacken Sie sie, und importieren Sie sie einzeln.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>Unpack it yourself if you trust it, and choose the files.</source>
   <translation>Entpacken Sie sie selbst, wenn Sie ihr trauen, und wählen Sie die Dateien.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Unpack it yourself if you trust it, and choose the folder.</source>
   <translation>Entpacken Sie sie selbst, wenn Sie ihr trauen, und wählen Sie den Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/content.py" />
   <source>Unpack it, and choose the folder.</source>
   <translation>Entpacken Sie es und wählen Sie den Ordner.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>Unpacking needs {1} GB, but only {2} GB are free.</source>
   <translation>Das Entpacken braucht {1} GB, und {2} GB sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>Unpacking {1} needs {2} GB, but only {3} GB are free.</source>
   <translation>Das Entpacken von {1} braucht {2} GB, und {3} GB sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>Unpacking {1} needs {2} of memory, but only {3} are free.</source>
   <translation>{1} zu entpacken braucht {2} Arbeitsspeicher, und {3} sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>Unquantized</source>
   <translation>Nicht quantisiert</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/doctor.py" />
   <source>Unset TUNESMITH_PATCHES to switch all of them on.</source>
   <translation>Löschen Sie TUNESMITH_PATCHES, um alle einzuschalten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>Unset it or add a GPU to it, and restart Tunesmith.</source>
   <translation>Entfernen Sie sie oder nennen Sie darin eine GPU, und starten Sie Tunesmith neu.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Unset {1} to train in this process alone. {2}</source>
   <translation>Löschen Sie die Variable {1}, um allein in diesem Prozess zu trainieren. {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>Unterminated string</source>
   <translation>Unterminated string</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>Update Tunesmith to use it.</source>
   <translation>Aktualisieren Sie Tunesmith, um sie zu verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
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
   <source>Update the driver of the {1}; this torch needs a newer version{2}.</source>
   <translation>Aktualisieren Sie den Treiber der {1}; dieses torch verlangt einen neueren{2}.</translation>
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
   <source>Use 0 to {1} hours; 0 keeps each chat whole.</source>
   <translation>Geben Sie 0 bis {1} Stunden an; 0 lässt jeden Chat ganz.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>Use a configuration without it, or with FSDP.</source>
   <translation>Nehmen Sie eine Konfiguration ohne das oder mit FSDP.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>Use at most {1}, or exclude such layers.</source>
   <translation>Nehmen Sie höchstens {1}, oder lassen Sie solche Schichten weg.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Use at most {1}, or lower the limit of conversations or summaries.</source>
   <translation>Nehmen Sie höchstens {1}, oder senken Sie die Grenze für Gespräche oder die für Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/prompts.py" />
   <source>Use at most {1}.</source>
   <translation>Verwenden Sie höchstens {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Use auto, or a code of ISO 639 such as de.</source>
   <translation>Verwenden Sie auto oder ein ISO-639-Kürzel wie de.</translation>
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
   <source>Use fewer than {1}, so that conversation and summary fit too.</source>
   <translation>Nehmen Sie weniger als {1}, damit auch Gespräch und Zusammenfassung hineinpassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>Use fewer virtual tokens, shorten the prompt, or lower the limit of summaries.</source>
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
   <location filename="../../engine/computers/computer.py" />
   <source>Use letters, digits, dots, hyphens and underscores, at most {1}.</source>
   <translation>Verwenden Sie Buchstaben, Ziffern, Punkte, Binde- und Unterstriche, höchstens {1}.</translation>
  </message>
  <message>
   <location filename="../../engine/computers/node.py" />
   <source>Use one below {1} or above {2}.</source>
   <translation>Nennen Sie einen unter {1} oder über {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>Use the ids of the data, or remove the column if the rows are in the order of the conversations. {1}</source>
   <translation>Geben Sie die Kennungen der Daten an, oder lassen Sie die Spalte weg, wenn die Zeilen die Reihenfolge der Gespräche haben. {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>Use the other files, or add the summaries.</source>
   <translation>Verwenden Sie die anderen Dateien, oder ergänzen Sie die Zusammenfassungen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>Use the other files, or give this one the same columns.</source>
   <translation>Verwenden Sie die anderen Dateien, oder geben Sie dieser dieselben Spalten.</translation>
  </message>
  <message>
   <location filename="../../engine/data/questions.py" />
   <source>Use the others</source>
   <translation>Die anderen verwenden</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Use the same rotation for all blocks of a layer: fewer trainable parameters.</source>
   <translation>Dieselbe Rotation für alle Blöcke einer Schicht verwenden: weniger trainierbare Parameter.</translation>
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
   <source>Used for {1} although the name contains no split: {2}.</source>
   <translation>Für {1} verwendet, obwohl kein Teil im Namen steht: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Uses deterministic GPU algorithms, so that a resumed run is bit-identical. Automatic: unless more than a tenth of the parameters is trained, where they are slow. CPUs always are deterministic.</source>
   <translation>Auf einer GPU Verfahren nutzen, mit denen ein fortgesetzter Lauf einem ununterbrochenen bis aufs Bit gleicht. Automatisch: außer wenn mehr als ein Zehntel der Parameter trainiert wird, wo sie viel Zeit kosten. Auf einer CPU sind sie es immer.</translation>
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
   <source>Validation conversations that are summarised and scored at each evaluation, for the plot. 16 make the practice model's run about 3 % longer.</source>
   <translation>Zahl der Validierungsgespräche, die bei jeder Bewertung zusammengefasst und mit ROUGE bewertet werden, für das Diagramm. Mit 16 dauert der Lauf des Übungsmodells etwa 3 % länger.</translation>
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
   <source>Vectors mixed</source>
   <translation>Gemischte Vektoren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Vectors that the encoder computes before the input.</source>
   <translation>Zahl der Vektoren, die der Encoder vor der Eingabe berechnet.</translation>
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
   <source>Wait until it ends, or stop it there.</source>
   <translation>Warten Sie, bis sie endet, oder stoppen Sie sie dort.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>Wait until it ends, or stop it.</source>
   <translation>Warten Sie, bis er endet, oder stoppen Sie ihn.</translation>
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
   <location filename="../../engine/methods/low_rank.py" />
   <source>Weight of a loss that keeps each matrix orthogonal, so that ranks can be removed one by one. Not included in reported losses.</source>
   <translation>Gewicht eines Verlusts, der jede Matrix orthogonal hält, sodass sich Ränge einzeln entfernen lassen. Gezeigte Verluste sind ohne ihn.</translation>
  </message>
  <message>
   <location filename="../../engine/text/languages.py" />
   <source>Welsh</source>
   <translation>Walisisch</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>What a list in the summary column means: the sentences of one summary, or several reference summaries.</source>
   <translation>Was eine Liste in der Spalte der Zusammenfassung ist: die Sätze einer Zusammenfassung oder mehrere Referenzen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>What computes. Auto: the idle GPU with the most free memory, otherwise the CPU. All: every GPU computes a part of each step. Or cpu, mps, xpu, cuda:0 and so on.</source>
   <translation>Was rechnet. Auto: die freie GPU mit dem meisten Speicher, sonst die CPU. All: jede GPU rechnet einen Teil jedes Schritts. Oder cpu, mps, xpu, cuda:0 und so weiter.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>What decides the best state and early stopping: the loss on the validation split, or ROUGE-1 of the scored summaries, which is noisier the fewer there are.</source>
   <translation>Maßstab für den besten Stand und die Geduld: der Verlust am ganzen Validierungsteil oder ROUGE-1 der bewerteten Zusammenfassungen, das mehr schwankt, je weniger es sind.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>What is said is named twice: "{1}" and "{2}".</source>
   <translation>Was gesagt wird, ist zweimal angegeben: „{1}“ und „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>WhatsApp export</source>
   <translation>WhatsApp-Export</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Where the adapters are inserted. Houlsby: after attention and after feed-forward. Pfeiffer: after feed-forward only, with at most half the parameters.</source>
   <translation>Wo die Adapter eingefügt werden. Houlsby: nach Attention und nach Feed-Forward. Pfeiffer: nur nach Feed-Forward, mit höchstens halb so vielen Parametern.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/metrics.py" />
   <source>Whether the model kept its other abilities: its loss on unrelated text, in nats per token. It rises if the model forgets.</source>
   <translation>Wie viel das Modell von seinen anderen Fähigkeiten behalten hat: sein Verlust auf Text, der mit den Gesprächen nichts zu tun hat, in Nats je Token. Er steigt, wo das Modell vergisst.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Whether the run finishes, or saves a checkpoint and stops.</source>
   <translation>Den Lauf zu Ende bringen, oder einen Prüfpunkt schreiben und stoppen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Whether to ask about files without the columns of the others, or to skip them with a notice.</source>
   <translation>Nach Dateien ohne die Spalten der anderen fragen oder sie mit einem Hinweis auslassen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/data_options.py" />
   <source>Whether to refuse a file with broken rows, or to skip and list them.</source>
   <translation>Eine Datei mit fehlerhaften Zeilen ablehnen, oder sie auslassen und in einem Hinweis auflisten.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>Which examples share a step: those of similar length, which saves padding, or any. The steps come in random order.</source>
   <translation>Welche Beispiele sich einen Schritt teilen: solche ähnlicher Länge, was das Berechnen von Auffüllung erspart, oder beliebige. So oder so kommen die Schritte in zufälliger Reihenfolge.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of each random pair. A smaller rank means more pairs and more trainable parameters; together they always reach the full rank.</source>
   <translation>Breite jedes zufälligen Paars. Ein kleinerer Rang bedeutet mehr Paare und mehr trainierbare Parameter: Zusammen erreichen sie immer den vollen Rang.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Width of the adapter's hidden layer. A larger one can learn more and trains more parameters.</source>
   <translation>Breite der verborgenen Schicht des Adapters. Eine größere kann mehr lernen und trainiert mehr Parameter.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>Width of the bottleneck</source>
   <translation>Breite des Engpasses</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the encoder's hidden layers. Empty: that of the model.</source>
   <translation>Breite der verborgenen Schichten des Encoders. Leer: die des Modells.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the four thin matrices. The rank of the change can reach its square.</source>
   <translation>Breite der vier dünnen Matrizen. Der Rang der Änderung kann ihr Quadrat erreichen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the larger factor's two thin matrices. If that saves nothing, the factor is trained whole.</source>
   <translation>Breite der zwei dünnen Matrizen des größeren Faktors. Wo das nichts sparen würde, wird der Faktor ganz trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the projection's hidden layer. Empty: as wide as a layer's keys. Only with projection.</source>
   <translation>Breite der verborgenen Schicht der Projektion. Leer: so breit wie die Schlüssel einer Schicht. Nur mit Projektion.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of the thin matrices of all blocks together. It trains as many parameters as LoRA of this rank.</source>
   <translation>Breite der dünnen Matrizen aller Blöcke zusammen. Es trainiert so viele Parameter wie LoRA mit diesem Rang.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of the thin matrices that are composed of the shared vectors.</source>
   <translation>Breite der dünnen Matrizen, die aus den gemeinsamen Vektoren zusammengesetzt sind.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/lora_family.py" />
   <source>Width of the two random matrices that all layers share. Use more than for LoRA: each layer trains only one parameter per rank and one per output.</source>
   <translation>Breite der zwei zufälligen Matrizen, die sich alle Schichten teilen. Nehmen Sie mehr als bei LoRA: Jede Schicht trainiert nur einen Parameter je Rang und einen je Ausgabe.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the two thin matrices. A higher rank can learn more and trains more parameters.</source>
   <translation>Breite der zwei dünnen Matrizen. Ein höherer Rang kann mehr lernen und trainiert mehr Parameter.</translation>
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
   <source>With several beams, values above 1 favour longer summaries, below 1 shorter ones.</source>
   <translation>Bei mehreren Beams bevorzugt ein Wert über 1 längere Zusammenfassungen, einer unter 1 kürzere. Mit einem Beam ohne Wirkung.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>With several computers, the run's folder must be on a shared file system.</source>
   <translation>Auf mehreren Computern muss der Ordner des Laufs auf einem Dateisystem liegen, das alle teilen.</translation>
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
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Without projection there is no hidden layer.</source>
   <translation>Ohne Projektion gibt es keine verborgene Schicht.</translation>
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
   <location filename="../../engine/config/data_options.py" />
   <source>Worked examples in the prompt. The first ones of the training split are used, and not trained on.</source>
   <translation>Zahl der Beispiele im Prompt, jedes mit seiner Zusammenfassung: die ersten des Trainingsteils, auf denen dann nicht trainiert wird.</translation>
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
   <source>Write it again with version=2, or as parquet.</source>
   <translation>Schreiben Sie sie neu mit version=2, oder als parquet.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Write one, ask for a draft, or skip.</source>
   <translation>Schreiben Sie eine, fordern Sie einen Entwurf an, oder überspringen Sie.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>Write one.</source>
   <translation>Geben Sie einen ein.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Write the smaller factor as a product of thin matrices too.</source>
   <translation>Auch den kleineren Faktor als Produkt dünner Matrizen schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>Write them in Conversations: "Write summaries".</source>
   <translation>Schreiben Sie sie unter „Gespräche“: „Zusammenfassungen schreiben“.</translation>
  </message>
  <message>
   <location filename="../../engine/config/decoding.py" />
   <source>Write with Tunesmith's own engine.</source>
   <translation>Lassen Sie Tunesmith selbst schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Writes the change of a weight as a sum of waves, as image formats do with pictures, and trains the amplitudes at a few random frequencies. Every wave covers the whole weight, so few parameters change all of it. The frequencies are regenerated from their seed. Use it for very small adapters. (Gao et al. 2024)</source>
   <translation>Schreibt die Änderung eines Gewichts als Summe von Wellen, wie es ein Bildformat mit einem Bild tut, und trainiert die Amplituden bei einigen zufälligen Frequenzen. Jede Welle überdeckt das ganze Gewicht, sodass wenige Parameter alles daran ändern. Die Frequenzen werden aus ihrem Startwert neu gezogen und nicht gespeichert. Nehmen Sie es, wo ein Adapter sehr klein sein muss. (Gao et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Writes the change of a weight as the Kronecker product of a small matrix and a low-rank one: a block pattern repeated all over the weight. Trains far fewer parameters than LoRA at the same rank. Use it for small adapters that still change the weight at full rank. (Yeh et al. 2024)</source>
   <translation>Schreibt die Änderung eines Gewichts als Kronecker-Produkt einer kleinen und einer niedrigrangigen Matrix: ein Blockmuster, das sich über das ganze Gewicht wiederholt. Trainiert weit weniger Parameter als LoRA beim selben Rang. Nehmen Sie es, wo Adapter klein sein und das Gewicht doch mit vollem Rang ändern müssen. (Yeh et al. 2024)</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Writes the change of a weight as the entry-by-entry (Hadamard) product of two low-rank matrices. It has as many trainable parameters as a LoRA of twice the rank, and the rank of the change can reach the square of the rank. Use it if a higher rank no longer improves LoRA; its steps are slower. (Hyeon-Woo et al. 2022)</source>
   <translation>Schreibt die Änderung eines Gewichts als elementweises (Hadamard-)Produkt zweier niedrigrangiger Matrizen. Es hat so viele trainierbare Parameter wie eine LoRA doppelten Rangs, und der Rang der Änderung kann das Quadrat des Rangs erreichen. Nehmen Sie es, wo LoRA mit mehr Rang nicht besser wird; seine Schritte sind langsamer. (Hyeon-Woo et al. 2022)</translation>
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
   <location filename="../../engine/worker/__main__.py" />
   <source>You have used up your share of the disk.</source>
   <translation>Sie haben Ihren Anteil an der Festplatte aufgebraucht.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may not share what you made from it.</source>
   <translation>Was daraus entstanden ist, darf nicht weitergegeben werden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it for non-commercial use, under the same licence and with attribution.</source>
   <translation>Was daraus entstanden ist, darf nur für nicht kommerzielle Zwecke, nur unter derselben Lizenz und mit Nennung der Urheber weitergegeben und verwendet werden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it for non-commercial use, with attribution.</source>
   <translation>Was daraus entstanden ist, darf nur für nicht kommerzielle Zwecke und mit Nennung der Urheber weitergegeben und verwendet werden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it freely.</source>
   <translation>Was daraus entstanden ist, darf frei weitergegeben werden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it if you name the licence and the authors.</source>
   <translation>Was daraus entstanden ist, darf weitergegeben werden, wenn Lizenz und Urheber genannt werden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it only under those terms, which also bind whoever uses it.</source>
   <translation>Was daraus entstanden ist, darf nur mit diesen Bedingungen weitergegeben werden, an die sich alle halten müssen, die es verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/licence_terms.py" />
   <source>You may share what you made from it under the same licence, with attribution.</source>
   <translation>Was daraus entstanden ist, darf nur unter derselben Lizenz und mit Nennung der Urheber weitergegeben werden.</translation>
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
   <source>`ray stop` stops nodes started in other ways.</source>
   <translation>`ray stop` beendet auf andere Weise gestartete.</translation>
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
   <location filename="../../engine/config/recipe.py" />
   <source>`{1} methods` lists them.</source>
   <translation>`{1} methods` listet sie auf.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>`{1} methods` lists those that it supports.</source>
   <translation>`{1} methods` listet die Verfahren auf, die es verwendet.</translation>
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
   <source>a list in its header has the unknown type {1}</source>
   <translation>eine Liste in ihrem Kopf ist von der Art {1}, die nicht bekannt ist</translation>
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
   <source>a pause of 1 hour starts the next conversation</source>
   <translation>das nächste Gespräch eines Chats beginnt nach einer Pause von 1 Stunde</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>a pause of {1} hours starts the next conversation</source>
   <translation>das nächste Gespräch eines Chats beginnt nach einer Pause von {1} Stunden</translation>
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
   <source>a quotation mark inside a quoted cell isn't doubled</source>
   <translation>ein Anführungszeichen in einer Zelle mit Anführungszeichen ist nicht verdoppelt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>a quotation mark that opens a cell is never closed</source>
   <translation>ein Anführungszeichen, das eine Zelle öffnet, wird nie geschlossen</translation>
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
   <source>a setting in its header has the unknown type {1}</source>
   <translation>eine Angabe in ihrem Kopf ist von der Art {1}, die nicht bekannt ist</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>against the base model {1}, the better of two</source>
   <translation>gegen das Basismodell {1}, das bessere von zwei Formaten</translation>
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
   <location filename="../../engine/adapters/library.py" />
   <source>and {1} more</source>
   <translation>und {1} weitere</translation>
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
   <location filename="../../engine/config/run_changes.py" />
   <source>changes must be a list of tables.</source>
   <translation>changes muss eine Liste von Tabellen sein.</translation>
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
   <location filename="../../engine/worker/readers/content.py" />
   <source>contacts or a calendar</source>
   <translation>Kontakte oder ein Kalender</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains "{1}" twice</source>
   <translation>enthält „{1}“ zweimal</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains "{1}", a link</source>
   <translation>enthält „{1}“, eine Verknüpfung</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains "{1}", a path outside its folder</source>
   <translation>enthält „{1}“, einen Pfad aus seinem Ordner hinaus</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>contains "{1}", which is protected by a password</source>
   <translation>enthält „{1}“, das ein Passwort schützt</translation>
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
   <source>copies of the weights are trained in float32 next to a base model in another number format</source>
   <translation>Kopien der Gewichte werden in float32 trainiert, neben einem Basismodell in einem anderen Zahlenformat</translation>
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
   <source>each is a turn with "{1}" and the speaker in "{2}"</source>
   <translation>jede ist ein Beitrag mit „{1}“ und dem Sprecher in „{2}“</translation>
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
   <source>each turn is written in a line "Name: text"</source>
   <translation>jeder Beitrag steht in einer Zeile „Name: Text“</translation>
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
   <location filename="../../engine/maintenance/licences.py" />
   <source>extra ==</source>
   <translation>extra ==</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>extra data</source>
   <translation>dahinter folgt noch etwas</translation>
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
   <source>get a trained scale per output, or per input at the end of a feed-forward layer</source>
   <translation>eine trainierte Skala für jede Ausgabe bekommen, oder für jede Eingabe, wo eine Feed-Forward-Schicht endet</translation>
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
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>houlsby or pfeiffer</source>
   <translation>houlsby oder pfeiffer</translation>
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
   <source>if empty, "{1}" without the beginning that all of them share: "{2}"</source>
   <translation>wo sie leer ist, das, was in „{1}“ steht, ohne das, womit alle beginnen: „{2}“</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>in its own chat format</source>
   <translation>in seinem eigenen Chat-Format</translation>
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
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>it adds {1} tokens; the limit is {2}</source>
   <translation>er fügt {1} Tokens hinzu, gelesen werden höchstens {2}</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>it aligns its tensors to {1} bytes</source>
   <translation>sie richtet ihre Tensoren an {1} Bytes aus</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it can't be read as JSON: {1}</source>
   <translation>es lässt sich nicht als JSON verstehen: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>it contains bytes that are not text, first in line {1}</source>
   <translation>sie enthält Bytes, die kein Text hat, die ersten in Zeile {1}</translation>
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
   <source>it continued the training of another adapter</source>
   <translation>sein Training setzte das eines anderen Adapters fort</translation>
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
   <source>it doesn't fit in this computer's memory</source>
   <translation>der Speicher dieses Computers reicht dafür nicht</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it doesn't say how it was trained</source>
   <translation>er sagt nicht, wie er trainiert wurde</translation>
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
   <source>it has more than {1} characters without a longer pause</source>
   <translation>es hat mehr als {1} Zeichen ohne eine längere Pause</translation>
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
   <location filename="../../engine/config/gguf_models.py" />
   <source>it is a mixture of experts, which can't be read from GGUF files</source>
   <translation>sie ist ein Mixture-of-Experts-Modell, und solche werden aus GGUF-Dateien nicht gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>it is a page with a table of conversations and summaries</source>
   <translation>es ist eine Seite mit einer Tabelle von Gesprächen und Zusammenfassungen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it is a prompt alone, and nothing was trained</source>
   <translation>er ist nur ein Prompt, und nichts wurde trainiert</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it is larger than {1} MB, the limit for {2}</source>
   <translation>sie ist größer als {1} MB, die Grenze für {2}</translation>
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
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>it is over {1} MB</source>
   <translation>sie hat mehr als {1} MB</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it is the rest of the broken row before it</source>
   <translation>es ist der Rest der fehlerhaften Zeile davor</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
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
   <location filename="../../engine/text/encodings.py" />
   <source>it is {1}, whatever its name says</source>
   <translation>sie ist {1}, was auch ihr Name sagt</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>it lacks fields, or they have wrong types</source>
   <translation>ihm fehlen Angaben, oder sie sind von anderer Art</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>it scales positions in an unknown way ({1})</source>
   <translation>ihre Positionen sind auf eine Weise gedehnt, die nicht bekannt ist ({1})</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>it scales positions in its own way</source>
   <translation>ihre Positionen sind auf eine eigene Weise gedehnt</translation>
  </message>
  <message>
   <location filename="../../engine/text/encodings.py" />
   <source>it starts like {1} but is damaged</source>
   <translation>was als {1} beginnt, ist beschädigt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>it starts like {1} but is damaged or incomplete</source>
   <translation>was als {1} beginnt, ist beschädigt oder bricht ab</translation>
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
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>it turns {1} characters into {2} tokens</source>
   <translation>er macht aus {1} Zeichen {2} Tokens</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>it uses rotary positions on {1} of {2} values per head, which can't be read from GGUF files</source>
   <translation>ihre Positionen drehen {1} von {2} Werten je Kopf, und das wird aus GGUF-Dateien nicht gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/system/foreign_files.py" />
   <source>it was hardly written at all</source>
   <translation>kaum etwas davon wurde je geschrieben</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>it was trained in float16, which needs loss scaling</source>
   <translation>er wurde in float16 berechnet, was skalierte Gradienten braucht</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>it was trained on an int8 base, whose layers round activations in a way that a plain model doesn't</source>
   <translation>er wurde auf einem int8-Basismodell trainiert, dessen Schichten Aktivierungen runden, wie es kein gewöhnliches Modell tut</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>its architecture is {1}; from GGUF files, {2} can be read</source>
   <translation>ihre Architektur ist {1}, und aus GGUF-Dateien werden {2} gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>its attention scale for {1} values per head is not in the file</source>
   <translation>ihre Attention mit {1} Werten je Kopf wird mit einer Zahl skaliert, die nicht in der Datei steht</translation>
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
   <location filename="../../engine/methods/low_rank.py" />
   <source>its initial values ({1}) are not computed by PEFT</source>
   <translation>seine Anfangswerte ({1}) berechnet nicht PEFT</translation>
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
   <source>its lists are turns with "{1}" and the speaker as "{2}"</source>
   <translation>deren Listen sind Beiträge mit „{1}“ und dem Sprecher als „{2}“</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>its lists are turns, with the speakers in column "{1}"</source>
   <translation>deren Listen sind Beiträge, mit den Sprechern in der Spalte „{1}“</translation>
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
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>its pattern {1} may never finish</source>
   <translation>sein Muster {1} könnte endlos dauern</translation>
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>its ranks are not allocated by PEFT</source>
   <translation>seine Ränge verteilt nicht PEFT</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>its recipe can't be read</source>
   <translation>sein Rezept lässt sich nicht lesen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/tokenizer_trial.py" />
   <source>its rules may make a text {1} times longer</source>
   <translation>seine Regeln können einen Text {1}-mal so lang machen</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/exports.py" />
   <source>its settings were changed while it was trained</source>
   <translation>seine Einstellungen wurden während des Trainings geändert</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} has an impossible shape</source>
   <translation>ihr Tensor {1} hat eine unmögliche Form</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>its tensor {1} has the unknown number format {2}</source>
   <translation>ihr Tensor {1} hat das Zahlenformat {2}, das nicht bekannt ist</translation>
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
   <source>llama.cpp's converter is not on this computer.</source>
   <translation>Der Konverter von llama.cpp ist nicht auf diesem Computer.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>llama.cpp's converter wrote no file.</source>
   <translation>Der Konverter von llama.cpp hat keine Datei geschrieben.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>media tag</source>
   <translation>Medienhinweis</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>media tags</source>
   <translation>Medienhinweise</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>merged range</source>
   <translation>verbundener Bereich</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>merged ranges</source>
   <translation>verbundene Bereiche</translation>
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
   <location filename="../../engine/data/schema_inference.py" />
   <source>more references: {1}</source>
   <translation>weitere Referenzen: {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>more remark</source>
   <translation>weiterer Hinweis</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>most of it is empty; it was not written completely</source>
   <translation>das meiste davon ist leer: Sie wurde nicht bis zum Ende geschrieben</translation>
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
   <location filename="../../engine/arena/results.py" />
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
   <location filename="../../engine/chats/html_exports.py" />
   <source>one of its tags is never closed</source>
   <translation>ein Element darin endet nie</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>other chat</source>
   <translation>anderer Chat</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>other chats</source>
   <translation>andere Chats</translation>
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
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>pip, which downloads llama.cpp's converter, is not installed.</source>
   <translation>Der Konverter von llama.cpp wird mit pip geholt, das hier fehlt.</translation>
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
   <location filename="../../engine/chats/chat.py" />
   <source>quoted message</source>
   <translation>zitierte Nachricht</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>quoted messages</source>
   <translation>zitierte Nachrichten</translation>
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
   <location filename="../../engine/worker/adapters/tuners/bottleneck.py" />
   <source>relu, gelu or silu</source>
   <translation>relu, gelu oder silu</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>row {1}</source>
   <translation>Zeile {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>rows {1} and {2}</source>
   <translation>Zeilen {1} und {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/prediction_matching.py" />
   <source>rows {1} and {2} more</source>
   <translation>Zeilen {1} und {2} weiteren</translation>
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
   <source>summary: the last turn, as named</source>
   <translation>Zusammenfassung: der letzte Beitrag, wie angegeben</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema_inference.py" />
   <source>summary: the last turn, because no column looks like summaries and each conversation is one text with a shorter answer</source>
   <translation>Zusammenfassung: der letzte Beitrag, da keine Spalte nach der Zusammenfassung aussieht und jedes Gespräch ein Text mit einer kürzeren Antwort darauf ist</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>system line</source>
   <translation>Systemzeile</translation>
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>system lines</source>
   <translation>Systemzeilen</translation>
  </message>
  <message>
   <location filename="../../engine/config/support_matrix.py" />
   <source>t5-small, t5-base</source>
   <translation>t5-small, t5-base</translation>
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
   <location filename="../../engine/data/schema_inference.py" />
   <source>the beginning that all of them share is removed: "{1}"</source>
   <translation>in den Gesprächen weggelassen ist, womit alle beginnen: „{1}“</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/entry.py" />
   <source>the cluster's head</source>
   <translation>dem Kopfknoten des Clusters</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>the column "{1}" contains bytes that are not UTF-8</source>
   <translation>die Spalte „{1}“ enthält Bytes, die kein UTF-8 sind</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>the column "{1}" contains no turns.</source>
   <translation>Die Spalte „{1}“ enthält keine Beiträge.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>the column "{1}" contains tables, not text.</source>
   <translation>Die Spalte „{1}“ enthält Tabellen, keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>the column "{1}" contains {2}</source>
   <translation>die Spalte „{1}“ enthält {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>the column "{1}" contains {2}, not text.</source>
   <translation>Die Spalte „{1}“ enthält {2}, keinen Text.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the column "{1}" has different rows than the first one</source>
   <translation>die Spalte „{1}“ hat andere Zeilen als die erste</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>the column "{1}" has {2} characters; the limit is {3}</source>
   <translation>die Spalte „{1}“ enthält {2} Zeichen, höchstens {3} werden gelesen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>the conversation of {1}</source>
   <translation>das Gespräch vom {1}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the file ends inside it</source>
   <translation>die Datei bricht darin ab</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>the file {1}{2} with the conversation is missing</source>
   <translation>es gibt keine Datei {1}{2} mit dem Gespräch daneben</translation>
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
   <source>the library that reads it crashes or runs out of memory</source>
   <translation>die Bibliothek, die es liest, bricht ab oder hat zu wenig Speicher</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>the lists in column "{1}" don't contain text.</source>
   <translation>Die Spalte „{1}“ enthält Listen von etwas anderem als Texten.</translation>
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
   <location filename="../../engine/worker/readers/table.py" />
   <source>the names of its columns have {1} bytes; the limit is {2}</source>
   <translation>die Namen ihrer Spalten haben {1} Bytes; die Grenze ist {2}</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>the only other text column, with longer texts</source>
   <translation>da es die einzige andere Spalte mit Texten ist und diese länger sind</translation>
  </message>
  <message>
   <location filename="../../engine/data/first_rows.py" />
   <source>the only other text column, with shorter texts</source>
   <translation>denn sie ist die einzige andere mit Texten, und diese sind kürzer</translation>
  </message>
  <message>
   <location filename="../../engine/worker/serving/requests.py" />
   <source>the playground</source>
   <translation>der Werkbank</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>the row starting in line {1} has more than {2} characters; a quotation mark may be left open there</source>
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
   <location filename="../../engine/adapters/import_checks.py" />
   <source>the size of {1} is not the one it declares</source>
   <translation>{1} ist nicht so groß, wie angegeben</translation>
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
   <source>this CPU multiplies matrices faster in bfloat16</source>
   <translation>diese CPU multipliziert Matrizen schneller in bfloat16</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this GPU doesn't support bfloat16</source>
   <translation>diese GPU kann kein bfloat16</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this GPU supports bfloat16</source>
   <translation>diese GPU kann bfloat16</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>this device supports bfloat16</source>
   <translation>dieses Gerät rechnet in bfloat16</translation>
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
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>training conversation</source>
   <translation>Trainingsgespräch</translation>
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
   <location filename="../../engine/worker/adapters/tuners/selective.py" />
   <source>tuple[SelectiveLayer, str]</source>
   <translation>tuple[SelectiveLayer, str]</translation>
  </message>
  <message>
   <location filename="../../engine/system/gguf_header.py" />
   <source>two of its tensors have the same name</source>
   <translation>sie hat zwei Tensoren desselben Namens</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>unexpected end of data</source>
   <translation>unexpected end of data</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>unpacks to far more than is plausible for its size</source>
   <translation>entpackt sich zu weit mehr, als Daten seiner Größe es würden</translation>
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
   <location filename="../../engine/worker/modeling/prompt_learning.py" />
   <source>virtual token</source>
   <translation>virtuelles Token</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>with a plain prompt</source>
   <translation>mit einfachem Prompt</translation>
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
   <source>{1} % of the {2} reach {3} tokens and are cut off.</source>
   <translation>{1} % der {2} erreichen {3} Tokens und werden dort abgeschnitten.</translation>
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
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} Adapters of nf4 and fp4 bases can be merged.</source>
   <translation>{1} Adapter von nf4- und fp4-Basismodellen lassen sich verschmelzen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} If you didn't set {2} for this run, unset it.</source>
   <translation>{1} Ist {2} von etwas anderem übrig, löschen Sie die Variable.</translation>
  </message>
  <message>
   <location filename="../../engine/data/cells.py" />
   <source>{1} Repair the row, or name other keys as data.columns.</source>
   <translation>{1} Reparieren Sie die Zeile, oder nennen Sie andere Schlüssel als data.columns.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} The activations of a micro-batch take {2} of it.</source>
   <translation>{1} Die Aktivierungen eines Mikrobatches brauchen davon {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} The base model's weights take {2} of it.</source>
   <translation>{1} Die Gewichte des Basismodells brauchen davon {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/requirements.py" />
   <source>{1} The parameters that {2} trains, with gradients and optimizer, take {3} of it.</source>
   <translation>{1} Die Parameter, die {2} trainiert, brauchen mit Gradienten und Optimierer davon {3}.</translation>
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
   <source>{1} adapters of this kind can't be used in this version.</source>
   <translation>{1}-Adapter dieser Art lassen sich in dieser Version nicht verwenden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} already exists and contains something else.</source>
   <translation>{1} gibt es schon, und es enthält etwas anderes.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} already exists.</source>
   <translation>{1} gibt es schon.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} already has all these entries with {2} seeds.</source>
   <translation>{1} hat alle diese Einträge schon mit {2} Startwerten.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} and up to {2} others exceed this base model's {3} tokens.</source>
   <translation>{1} und bis zu {2} andere überschreiten die {3} Tokens, die dieses Basismodell nimmt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>{1} and {2} are compared on the {3} conversations they share.</source>
   <translation>{1} und {2} werden auf den {3} gemeinsamen Gesprächen verglichen.</translation>
  </message>
  <message>
   <location filename="../../engine/data/column_names.py" />
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
   <source>{1} can't be changed after a run has started.</source>
   <translation>{1} lässt sich nicht ändern, sobald ein Lauf begonnen hat.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} can't be copied into the library: {2}.</source>
   <translation>{1} lässt sich nicht in die Bibliothek kopieren: {2}.</translation>
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
   <source>{1} can't be loaded as a model: {2}</source>
   <translation>{1} ist kein Modell, das sich laden lässt: {2}</translation>
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
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} can't be merged: its weights are damaged.</source>
   <translation>{1} lässt sich nicht verschmelzen: Seine Gewichte sind beschädigt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/layer_merge.py" />
   <source>{1} can't be merged: the merged model would write different summaries.</source>
   <translation>{1} lässt sich nicht verschmelzen: Das verschmolzene Modell würde nicht dasselbe schreiben.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/merged_model.py" />
   <source>{1} can't be merged: {2}.</source>
   <translation>{1} lässt sich nicht verschmelzen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/trash.py" />
   <source>{1} can't be moved to the trash: {2}.</source>
   <translation>{1} lässt sich nicht in den Papierkorb legen: {2}.</translation>
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
   <location filename="../../engine/config/gguf_models.py" />
   <source>{1} can't be read as a GGUF file: {2}.</source>
   <translation>{1} kann nicht als GGUF-Datei gelesen werden: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>{1} can't be read, so speakers are named by their ids.</source>
   <translation>{1} lässt sich nicht lesen: Personen sind nach ihren IDs benannt.</translation>
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
   <source>{1} can't be restored from the trash: {2}.</source>
   <translation>{1} lässt sich nicht aus dem Papierkorb holen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>{1} can't be restored: Tunesmith doesn't recognise it.</source>
   <translation>{1} lässt sich nicht wiederherstellen: Tunesmith kennt es nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>{1} can't be saved: {2}.</source>
   <translation>{1} lässt sich nicht speichern: {2}.</translation>
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
   <location filename="../../engine/maintenance/doctor.py" />
   <source>{1} can't be written to: {2}.</source>
   <translation>{1} lässt sich nicht beschreiben: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/atomic_write.py" />
   <source>{1} can't be written: only part of it reached the disk.</source>
   <translation>{1} lässt sich nicht schreiben: Die Festplatte nahm nur einen Teil an.</translation>
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
   <location filename="../../engine/config/gguf_models.py" />
   <source>{1} cannot be deleted: {2}.</source>
   <translation>{1} lässt sich nicht löschen: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/files.py" />
   <source>{1} changed while it was being sent.</source>
   <translation>{1} wurde während des Sendens geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} changed while it was read.</source>
   <translation>{1} hat sich beim Lesen geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} changes linear layers, and {2} keeps its weights in Conv1D layers.</source>
   <translation>{1} ändert lineare Schichten, und {2} hält seine Gewichte in Conv1D-Schichten.</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} chats are read as turns.</source>
   <translation>{1} Chats sind als Beiträge gelesen.</translation>
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
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} contains a link, {2}.</source>
   <translation>{1} enthält eine Verknüpfung, {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} contains an adapter besides the model: {2}.</source>
   <translation>{1} enthält neben dem Modell einen Adapter: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/sandboxed.py" />
   <source>{1} contains far more rows or text than is plausible for its size.</source>
   <translation>{1} enthält weit mehr Zeilen oder Text, als Daten dieser Größe es tun.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} contains lists that are read as splits: {2}.</source>
   <translation>{1} enthält Listen, die als Teile gelesen werden: {2}.</translation>
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
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} continues after the end</source>
   <translation>{1} geht hinter dem Ende weiter</translation>
  </message>
  <message>
   <location filename="../../engine/computers/sending.py" />
   <source>{1} conversations</source>
   <translation>{1} Gespräche</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} conversations exceed {2} tokens and are cut.</source>
   <translation>{1} Gespräche haben mehr als {2} Tokens und verlieren ihr Ende.</translation>
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
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>{1} didn't answer for {2} min.</source>
   <translation>{1} hat {2} min lang nicht geantwortet.</translation>
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
   <source>{1} doesn't lead to a folder: {2} belongs to an unknown user, links to itself, or isn't a path.</source>
   <translation>{1} führt zu keinem Ordner: {2} gehört zu einem unbekannten Benutzer, ist ein Link auf sich selbst oder kein Pfad.</translation>
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
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} h {2} min</source>
   <translation>{1} h {2} min</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_files.py" />
   <source>{1} has NaN or infinite values in {2} of {3}.</source>
   <translation>{1} enthält Werte, die keine Zahlen sind (NaN oder unendlich), in {2} von {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} has Tunesmith {2}, this computer {3}.</source>
   <translation>{1} hat Tunesmith {2}, dieser Computer {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has a TL;DR, which is read as its summary.</source>
   <translation>{1} enthält ein TL;DR, das als Zusammenfassung gelesen wird.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} has another entry like {2} now.</source>
   <translation>{1} hat inzwischen einen anderen Eintrag wie {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>{1} has different columns than the first file: {2} is read.</source>
   <translation>{1} hat andere Spalten als die erste Datei: Gelesen wird {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/rank_models.py" />
   <source>{1} has different files of {2} than {3}.</source>
   <translation>{1} hat andere Dateien von {2} als {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} has invalid values ({2}) in {3}{4}, so its summaries would be meaningless.</source>
   <translation>{1} hat unmögliche Werte ({2}) in {3}{4}: Was er schreibt, ergibt keinen Sinn.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>{1} has more than {2} bytes</source>
   <translation>{1} hat mehr als {2} Bytes</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} has more than {2} rows that can't be read, the first at {3}.</source>
   <translation>{1} hat mehr als {2} Zeilen, die sich nicht lesen lassen, die erste bei {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/data/schema.py" />
   <source>{1} has no "{2}", so its conversation is unknown.</source>
   <translation>{1} hat kein „{2}“: Es ist nicht bekannt, zu welchem Gespräch sie gehört.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has no address at {2} ({3}), the ranks' meeting point.</source>
   <translation>{1} hat keine Adresse an {2} ({3}), wo sich die Ranks treffen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/predictions.py" />
   <source>{1} has no column "{2}": it has {3}.</source>
   <translation>{1} hat keine Spalte „{2}“, sondern {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/score.py" />
   <source>{1} has no conversation {2} with a reference summary.</source>
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
   <source>{1} has no header, so its columns are numbered.</source>
   <translation>{1} hat keine Kopfzeile: Die Spalten heißen nach ihren Nummern.</translation>
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
   <source>{1} has no private folder in which the ranks can meet.</source>
   <translation>{1} hat keinen Ordner, in dem sich die Ranks ohne andere treffen können.</translation>
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
   <source>{1} has no weights: it is a prompt.</source>
   <translation>{1} hat keine Gewichte: Er ist ein Prompt.</translation>
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
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has properties or tables above the turns, which are skipped.</source>
   <translation>{1} enthält Eigenschaften oder Tabellen über den Beiträgen; sie werden ausgelassen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} has several tables with texts: {2}.</source>
   <translation>{1} hat mehrere Tabellen mit Texten: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has summaries below its conversations, which are read as summaries.</source>
   <translation>{1} hat unter den Gesprächen Zusammenfassungen, die als solche gelesen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/dataset.py" />
   <source>{1} has too few conversations: none is left for the {2} split.</source>
   <translation>{1} hat zu wenige Gespräche: Für den Teil {2} bleibt keines.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} has trained biases of the base model itself, which Tunesmith doesn't support.</source>
   <translation>{1} hat trainierte Biases des Basismodells selbst, die Tunesmith nicht trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/events.py" />
   <source>{1} has {2} bytes; the limit is {3}</source>
   <translation>{1} hat {2} Bytes, höchstens {3} sind erlaubt</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} has {2} of layers that its config.json doesn't declare: {3}.</source>
   <translation>{1} hat {2} von Schichten, die seine config.json weglässt: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} has {2} than rank 0 (on {3}).</source>
   <translation>{1} hat {2} als Rank 0 (auf {3}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} has {2} that a {3} model doesn't use: {4}.</source>
   <translation>{1} hat {2}, die ein {3}-Modell nicht verwendet: {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>{1} has {2} {3} ({4}{5}); each cell gets the value of the first.</source>
   <translation>{1} hat {2} {3} ({4}{5}): Jede Zelle zählt als ihre erste.</translation>
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
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} in line {2}</source>
   <translation>{1} in Zeile {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} in the prompt: {2} tokens. {3}the longest conversation and its summary, {4} tokens are needed; the context window has {5}.</source>
   <translation>{1} im Prompt: {2} Token. {3}das längste Gespräch und seine Zusammenfassung: {4} Token werden gebraucht, das Kontextfenster hat {5}.</translation>
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
   <location filename="../../engine/voting/comparisons.py" />
   <source>{1} is a blind comparison of another version.</source>
   <translation>{1} ist kein Blindvergleich dieser Version.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>{1} is a feather file of the first version, which can't be read.</source>
   <translation>{1} ist eine Feather-Datei der ersten Version, die nicht gelesen werden kann.</translation>
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
   <location filename="../../engine/runs/run_store.py" />
   <source>{1} is a prompt: it has no weights to start from.</source>
   <translation>{1} ist ein Prompt: Er hat keine Gewichte, von denen aus man beginnen kann.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/base_models.py" />
   <source>{1} is a {2} model, which can't generate text.</source>
   <translation>{1} ist ein {2}-Modell, das keinen Text schreiben kann.</translation>
  </message>
  <message>
   <location filename="../../engine/jobs/job.py" />
   <source>{1} is already running.</source>
   <translation>{1} läuft schon.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/arena_store.py" />
   <source>{1} is being changed elsewhere.</source>
   <translation>{1} wird gerade anderswo geändert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} is built by a script, {2}. Tunesmith doesn't run scripts from the hub.</source>
   <translation>{1} entsteht durch ein Skript, {2}, und Skripte werden nicht ausgeführt: Sie könnten hier alles tun.</translation>
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
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>{1} is full: only {2} of its memory is free.</source>
   <translation>{1} ist voll: Nur {2} ihres Speichers sind frei.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/hub_errors.py" />
   <source>{1} is gated: you have to accept its owner's terms first.</source>
   <translation>{1} ist zugangsbeschränkt: Der Besitzer verlangt zuerst, dass Bedingungen angenommen werden.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} is in use, so {2} is not read. Close the program that writes it.</source>
   <translation>{1} ist in Gebrauch: Was in {2} steht, wird nicht gelesen. Schließen Sie das Programm, das sie schreibt.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} is missing.</source>
   <translation>{1} fehlt.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/library.py" />
   <source>{1} is neither an adapter's folder nor its zip file.</source>
   <translation>{1} ist weder ein Ordner noch die ZIP-Datei eines Adapters.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/sent_run.py" />
   <source>{1} is neither on this computer nor on every node, and a node can't reach the hub.</source>
   <translation>{1} ist weder auf diesem Computer noch auf jedem Knoten, und ein Knoten erreicht den Hub nicht.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>{1} is not UTF-8 and is read as {2}. If letters look wrong, choose another encoding (data.encoding).</source>
   <translation>{1} ist nicht UTF-8. Gelesen wird es als {2}, und das ist eine Vermutung: Sehen Sie sich die Buchstaben an, und wählen Sie eine andere Kodierung (data.encoding), wenn sie falsch sind.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/connection.py" />
   <source>{1} is not a Ray cluster, or it isn't ready yet.</source>
   <translation>Was bei {1} antwortet, ist kein Ray-Cluster, oder keiner, der bereit ist.</translation>
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
   <source>{1} is not a linear layer, so no adapter can follow it.</source>
   <translation>{1} ist keine lineare Schicht, also kann kein Adapter darauf folgen.</translation>
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
   <source>{1} is not a set of conversations to summarise.</source>
   <translation>{1} ist keine Sammlung von Gesprächen zum Zusammenfassen.</translation>
  </message>
  <message>
   <location filename="../../engine/system/validators.py" />
   <source>{1} is not a valid folder name</source>
   <translation>{1} ist kein Name eines Ordners</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/databases.py" />
   <source>{1} is not an SQLite database, or it is encrypted.</source>
   <translation>{1} ist keine SQLite-Datenbank, oder sie ist verschlüsselt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/repository.py" />
   <source>{1} is not an adapter: it has no {2}.</source>
   <translation>{1} ist kein Adapter: Es gibt darin kein {2}.</translation>
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
   <location filename="../../engine/config/hub_sources.py" />
   <source>{1} is not on this computer, and Tunesmith is offline.</source>
   <translation>{1} ist nicht auf diesem Computer, und Tunesmith ist offline.</translation>
  </message>
  <message>
   <location filename="../../engine/system/ranks.py" />
   <source>{1} is not supported.</source>
   <translation>{1} wird nicht unterstützt.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>{1} is odd: reflections come in pairs, and a single one would change the base model.</source>
   <translation>{1} ist ungerade: Spiegelungen bilden Paare, und eine einzelne würde das Basismodell ändern.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} is one object with lists of different lengths: {2}.</source>
   <translation>{1} ist ein Objekt mit Listen verschiedener Länge: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/system/locks.py" />
   <source>{1} is open in another program.</source>
   <translation>{1} ist anderswo geöffnet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} is private, but you asked for public.</source>
   <translation>{1} ist privat und sollte öffentlich sein.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/documents.py" />
   <source>{1} is protected by a password.</source>
   <translation>{1} ist durch ein Passwort geschützt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/hub/upload.py" />
   <source>{1} is public, but you asked for private.</source>
   <translation>{1} ist öffentlich und sollte privat sein.</translation>
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
   <source>{1} is someone else's account; your token belongs to {2}.</source>
   <translation>{1} ist jemand anderes: Ihr Token schreibt für {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/device_problems.py" />
   <source>{1} is too old for this torch: its compute capability is {2}, and {3} is needed.</source>
   <translation>{1} ist zu alt für dieses torch: Ihre Compute Capability ist {2}, nötig ist {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/config/gguf_models.py" />
   <source>{1} is unpacked into the cache once: {2} in {3} become {4} in {5}.</source>
   <translation>{1} wird einmal in den Cache entpackt: Aus {2} in {3} werden {4} in {5}.</translation>
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
   <location filename="../../engine/worker/ingestion/alignment.py" />
   <source>{1} lacks the column {2} that other files have. Its columns are: {3}.</source>
   <translation>{1} hat keine Spalte {2}, die andere Dateien haben. Ihre Spalten sind: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} lacks {2} that its config.json declares: {3}.</source>
   <translation>{1} fehlen {2}, die seine config.json verlangt: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} lacks {2}.</source>
   <translation>{1} fehlt {2}.</translation>
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
  <message>
   <location filename="../../engine/chats/json_exports/__init__.py" />
   <source>{1} messages with {2}</source>
   <translation>{1} Nachrichten mit {2}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} min {2} s</source>
   <translation>{1} min {2} s</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_decoding.py" />
   <source>{1} mixes encodings: {2} are UTF-8 and read as that.</source>
   <translation>{1} mischt Kodierungen: {2} in UTF-8, so gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>{1} models have no biases to train.</source>
   <translation>{1}-Modelle haben keine Biases zum Trainieren.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/validation/check_report.py" />
   <source>{1} more differ only in surrounding spaces.</source>
   <translation>Nur durch Leerzeichen ringsum verschieden: {1} weitere.</translation>
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
   <location filename="../../engine/worker/kernels/registry.py" />
   <source>{1} names no patch called {2}.</source>
   <translation>{1} nennt einen Patch {2}, den es nicht gibt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_metadata.py" />
   <source>{1} names no token that ends a text (tokenizer.ggml.eos_token_id).</source>
   <translation>{1} nennt kein Token, das einen Text beendet (tokenizer.ggml.eos_token_id).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/tuners/registration.py" />
   <source>{1} needs the patch peft_type, which {2} switches off.</source>
   <translation>{1} braucht den Patch peft_type, den {2} abschaltet.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/exports/gguf_model.py" />
   <source>{1} needs {2} of llama.cpp, which is not on this computer.</source>
   <translation>{1} entsteht durch {2} von llama.cpp, das nicht auf diesem Computer ist.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>{1} needs {2} when unpacked, but {3} has only {4} free.</source>
   <translation>{1} braucht entpackt {2}, und in {3} sind {4} frei.</translation>
  </message>
  <message>
   <location filename="../../engine/cluster/following.py" />
   <source>{1} no longer has the run, so it is sent again.</source>
   <translation>{1} hat den Lauf vergessen: Er wird neu gesendet.</translation>
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
   <location filename="../../engine/worker/training/adapter_store.py" />
   <source>{1} of the adapter was not written correctly.</source>
   <translation>{1} des Adapters steht nicht so auf der Festplatte, wie es geschrieben wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/gguf_unpacking.py" />
   <source>{1} of the model's weights are missing, {2} first</source>
   <translation>{1} Gewichte des Modells fehlen, zuerst {2}</translation>
  </message>
  <message>
   <location filename="../../engine/chats/segmentation.py" />
   <source>{1} of them stay whole because their times have no dates.</source>
   <translation>{1} davon bleiben ganz, da ihre Zeiten kein Datum haben.</translation>
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
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} of {2} can't be read: {3}.</source>
   <translation>{1} von {2} kann nicht gelesen werden: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/jobs/push.py" />
   <source>{1} of {2} can't be sent: {3}.</source>
   <translation>{1} von {2} kann nicht gesendet werden: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} of {2} changed since the adapter was saved.</source>
   <translation>{1} von {2} hat sich geändert, seit der Adapter gespeichert wurde.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/entry_status.py" />
   <source>{1} of {2} completed</source>
   <translation>{1} von {2} abgeschlossen</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>{1} of {2} conversations exceed {3} tokens and are cut.</source>
   <translation>{1} von {2} Gesprächen sind länger als {3} Tokens und werden gekürzt.</translation>
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
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1} of {2} ranks did not come within {3} s: {4}.</source>
   <translation>{1} von {2} Ranks kamen nicht innerhalb von {3} s: {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>{1} of {2} reference summaries exceed {3} tokens and are cut.</source>
   <translation>{1} von {2} Referenzen sind länger als {3} Tokens und werden gekürzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/text_metrics/summary_metrics.py" />
   <source>{1} of {2} reference summaries have no word that ROUGE reads.</source>
   <translation>{1} von {2} Referenzzusammenfassungen enthalten kein Wort, das ROUGE liest.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>{1} of {2} scored conversations exceed {3} tokens and are cut.</source>
   <translation>{1} von {2} bewerteten Gesprächen sind länger als {3} Tokens und verlieren ihr Ende.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>{1} of {2} scored references exceed the output limit of {3} tokens.</source>
   <translation>{1} von {2} bewerteten Referenzen überschreiten die Ausgabegrenze von {3} Tokens.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} of {2} steps skipped: gradients overflowed in float16.</source>
   <translation>{1} von {2} Schritten ausgelassen: Gradienten liefen in float16 über.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} of {2} steps skipped: loss or gradients were not finite.</source>
   <translation>{1} von {2} Schritten übersprungen: Verlust oder Gradienten waren nicht endlich.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} of {2} tokenize differently: the template or tokenizer differs.</source>
   <translation>{1} von {2} lesen sich anders: Vorlage oder Tokenizer unterscheiden sich.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>{1} of {2} {3} are empty.</source>
   <translation>{1} von {2} {3} sind leer.</translation>
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
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1} processes can't all use {2}:{3}.</source>
   <translation>{1} Prozesse können nicht alle auf {2}:{3} rechnen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1} processes share {2} GPUs on this computer; each needs its own.</source>
   <translation>{1} Prozesse teilen sich auf diesem Computer {2} GPUs; jeder braucht eine eigene.</translation>
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
  <message>
   <location filename="../../engine/worker/training/reporting.py" />
   <source>{1} reference summaries exceed {2} tokens and are cut.</source>
   <translation>{1} Referenzzusammenfassungen haben mehr als {2} Tokens und werden gekürzt.</translation>
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
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} rows are broken ({2})</source>
   <translation>{1} Zeilen sind beschädigt ({2})</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} rows are broken ({2}; …)</source>
   <translation>{1} Zeilen sind beschädigt ({2}; …)</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>{1} row|{1} rows</source>
   <translation>
    <numerusform>{1} Zeile</numerusform>
    <numerusform>{1} Zeilen</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>{1} seeds are too many or too few: choose 1 to {2}.</source>
   <translation>{1} Startwerte sind nicht möglich: erlaubt sind 1 bis {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>{1} seeds starting at {2} go past the last possible seed, {3}.</source>
   <translation>{1} Startwerte ab {2} sind mehr, als es gibt: Der letzte ist {3}.</translation>
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
   <source>{1} sent an answer that Tunesmith doesn't understand.</source>
   <translation>{1} hat eine Antwort gegeben, die Tunesmith nicht versteht.</translation>
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
   <source>{1} skipped because the column "{2}" names no split ({3}; rows {4}{5}).</source>
   <translation>{1} ausgelassen, da die Spalte „{2}“ dort keinen Teil nennt ({3}; Zeilen {4}{5}).</translation>
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
   <source>{1} splits text in an unknown way ({2}).</source>
   <translation>{1} zerlegt Text auf eine Weise, die hier nicht bekannt ist ({2}).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} starts a value of more than {2} characters</source>
   <translation>in {1} beginnt ein Wert mit mehr als {2} Zeichen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/planning/readiness.py" />
   <source>{1} step|{1} steps</source>
   <translation>
    <numerusform>{1} Schritt</numerusform>
    <numerusform>{1} Schritte</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>{1} summaries</source>
   <translation>{1} Zusammenfassungen</translation>
  </message>
  <message numerus="yes">
   <location filename="../../engine/worker/jobs/score.py" />
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
   <location filename="../../engine/maintenance/trash_contents.py" />
   <source>{1} things in the trash are called or begin with "{2}".</source>
   <translation>{1} Dinge im Papierkorb heißen so oder beginnen mit „{2}“.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} to {2}</source>
   <translation>{1} bis {2}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1} to {2}, {3}</source>
   <translation>{1} auf {2}, {3}</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} tokens</source>
   <translation>{1} Tokens</translation>
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
   <source>{1} trains nothing, so it can't continue from an adapter.</source>
   <translation>{1} trainiert nichts und kann deshalb nicht von einem Adapter aus beginnen.</translation>
  </message>
  <message>
   <location filename="../../engine/config/training.py" />
   <source>{1} trains too much for a sharded base model.</source>
   <translation>{1} trainiert zu viel für ein aufgeteiltes Basismodell.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/import_checks.py" />
   <source>{1} tries to write outside its folder.</source>
   <translation>{1} versucht, außerhalb seines Ordners zu schreiben.</translation>
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
   <source>{1} unpacks to {2} files of {3} MB, far too much for an adapter of its size.</source>
   <translation>{1} entpackt sich zu {2} Dateien mit {3} MB, weit mehr als ein Adapter seiner Größe es würde.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/bootstrap.py" />
   <source>{1} values can't be paired with {2}</source>
   <translation>{1} Werte lassen sich nicht mit {2} paaren</translation>
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} virtual tokens fill the context window of {2} tokens.</source>
   <translation>{1} virtuelle Tokens füllen das Kontextfenster von {2} Tokens.</translation>
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
   <source>{1} was deleted while it was read.</source>
   <translation>{1} ist beim Lesen verschwunden.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/peft_config_policy.py" />
   <source>{1} was initialised with {2}, which changes the base model itself.</source>
   <translation>{1} wurde mit {2} initialisiert, und das ändert das Basismodell selbst.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_group.py" />
   <source>{1} was killed for lack of memory.</source>
   <translation>{1} wurde wegen Speichermangels beendet.</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/metadata.py" />
   <source>{1} was made by a later version of Tunesmith.</source>
   <translation>{1} stammt von einer späteren Version von Tunesmith.</translation>
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} was made by another version.</source>
   <translation>{1} stammt von einer anderen Version.</translation>
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
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>{1} was saved twice by a spreadsheet: each row is taken out of its one cell.</source>
   <translation>{1} wurde zweimal von einer Tabellenkalkulation gespeichert: Jede Zeile wird aus ihrer einen Zelle gelesen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/prompting.py" />
   <source>{1} was trained in {2} format but is used in {3} format.</source>
   <translation>{1} wurde im Format {2} trainiert und wird im Format {3} benutzt.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/evaluation/reporting.py" />
   <source>{1} was trained with a different prompt than the recipe's.</source>
   <translation>{1} wurde mit einem anderen Prompt als dem des Rezepts trainiert.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/attach.py" />
   <source>{1} was trained with another {2}: {3}, not {4}.</source>
   <translation>{1} wurde mit anderer Einstellung trainiert ({2}): {3}, nicht {4}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/modeling/file_checks.py" />
   <source>{1} weights</source>
   <translation>{1} Gewichte</translation>
  </message>
  <message>
   <location filename="../../engine/adapters/hub_adapters.py" />
   <source>{1} would contain the path of a folder on this computer.</source>
   <translation>{1} würde einen Ordner dieses Computers nennen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/planning/context_window.py" />
   <source>{1} would fit.</source>
   <translation>{1} würde passen.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>{1} {2} doesn't divide the widths of all adapted layers: {3}.</source>
   <translation>{1} {2} teilt nicht die Breiten aller angepassten Schichten: {3}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/adapters/method_hooks/shape_constraints.py" />
   <source>{1} {2} is more than the narrowest adapted layer can have.</source>
   <translation>{1} {2} ist mehr, als die schmalste angepasste Schicht haben kann.</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}, 95 % interval {2}{3}</source>
   <translation>{1}, 95-%-Intervall {2}{3}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/devices.py" />
   <source>{1}, and this model overflows in float16</source>
   <translation>{1}, und dieses Modell läuft in float16 über</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}, on few conversations</source>
   <translation>{1}, bei wenigen Gesprächen</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}, on {2}</source>
   <translation>{1}, auf {2}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/dataset/token_cache.py" />
   <source>{1}, the data from rank 0, can't be read: {2}.</source>
   <translation>{1}, wo Rank 0 ablegt, was die anderen lesen, ist nicht lesbar: {2}.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1}, which begins in {2}, is damaged: {3}</source>
   <translation>{1}, beginnend in {2}, ist beschädigt: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/scoring/score_text.py" />
   <source>{1}. ROUGE-1 {2} by {3} points</source>
   <translation>{1}. ROUGE-1 {2} um {3} Punkte</translation>
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
   <source>{1}: token lengths are estimated, {2} characters a token.</source>
   <translation>{1}: Token-Längen sind geschätzt, {2} Zeichen je Token.</translation>
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1}: true or false.</source>
   <translation>{1}: true oder false.</translation>
  </message>
  <message>
   <location filename="../../engine/worker/ingestion/loading.py" />
   <source>{1}: {2}, skipped as set in the recipe (data.broken_rows).</source>
   <translation>{1}: {2}, ausgelassen, wie das Rezept sagt (data.broken_rows).</translation>
  </message>
  <message>
   <location filename="../../engine/worker/runtime/rank_meeting.py" />
   <source>{1}:{2}, the ranks' meeting point, can't be reached: {3}</source>
   <translation>{1}:{2}, wo sich die Ranks treffen, ist nicht erreichbar: {3}</translation>
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>{1}; resume continues from the last checkpoint.</source>
   <translation>{1}; das Fortsetzen beginnt beim letzten Prüfpunkt.</translation>
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
