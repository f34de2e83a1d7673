<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context>
  <name>window</name>
 </context>
 <context>
  <name>engine</name>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>"{1}" can't be the name of a file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>"{1}" is a built-in template.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>"{1}" is not table.key=value.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>"{1}" is not {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>"{1}" means every linear layer but the output head, so it does not stand beside names.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/errors.py" />
   <source>(and {1} more)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>, but {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>, on {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>, whose lists hold several references</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>, {1} of memory free</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>0 takes the likeliest token; above it tokens are drawn by chance, the bolder the higher.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>0: all.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>1 is greedy decoding; more is slower.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>8-bit optimizer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>; further references: column{1} {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>; left out of the conversations is what all of them begin with: "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>A 4-bit base and an 8-bit optimizer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/extras.py" />
   <source>A base in {1} needs bitsandbytes, which is not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>A block repeated, far fewer numbers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>A chat template of {1} has {2}, and at most {3} are read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A conversation of more than {limit:,} tokens</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A conversation or summary in another language than most</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A conversation that also stands in a later split</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A conversation that stood before</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>A fault in a library ended the worker ({1}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>A file of {1} came damaged.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>A file with "{1}" in its name would be used instead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>A hub id looks like owner/name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>A hub id, a file (csv, tsv, json, jsonl, parquet, arrow, xlsx, or a zip or gz of them), a folder of split files or of texts, or "sample".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>A hub id, a local folder, or "starter" (the bundled model).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>A layer multiplies what it reads by a weight and adds a bias. BitFit leaves every weight as it is and trains the biases alone, about a thousandth of the model: it teaches the model little that is new, but brings out what it can do already, which is often enough for a new style. Take it for small adapters on models that have biases: BART, GPT-2, OPT. T5 has none, and most Llamas neither. (Ben Zaken et al. 2022)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>A model folder holds config.json and model.safetensors.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>A pause of {1} hours makes no sense.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/awake.py" />
   <source>A run is training</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>A run of an earlier version keeps no scores of single conversations.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>A run that has begun keeps its {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>A set holds {1} conversations at most.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>A shared prompt with a part for the task</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>A small network computes the prefix while training.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A summary longer than its conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A summary of more than {limit:,} tokens with its end</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>A summary taken word for word from its conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>A template needs a name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>A thin network after each sublayer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>A turn has no "{1}"; it holds: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>A vector length of</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>A {1} × {2} weight has {3} numbers; at rank {4} LoRA trains {5}, which is {6} % fewer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>AD CZ ES MD PK RO SA SE SK TN VG</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>AE GI IL IQ OM SO TL</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>AL AZ BY CY DO GT HU LB NI PL SV</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/graphics_cards.py" />
   <source>AMD card ({1})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>AT BA EE KZ LT LU MN XK</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>About</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Above 1 makes tokens that were read or written before less likely. 1: none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>Accept one first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Accept them at {1}, then run `hf auth login` once.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_transfer.py" />
   <source>Accept-Encoding</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Account</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Activation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>AdaLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>AdamW keeps a quarter of its state</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>AdamW; its 8-bit forms keep a quarter of the state; Adafactor keeps least.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Adapter</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Adapters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Adds an ordinary pair over the whole weight beside the blocks. 0: none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Adds circular convolutions to each weight</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Adds up many pairs of random, frozen, thin matrices and trains only how each is scaled. The sum reaches the full rank of the weight, which LoRA's single pair can't, with about as many trained numbers. The random matrices are shared by all layers, drawn again from their seed and not stored. Take it where LoRA at a high rank still falls short; its steps are slower. (Albert et al. 2025)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>After feed-forward alone, half the numbers or fewer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>All attention</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>All layers share one pair of random, frozen matrices; each layer trains only two vectors that scale the pair's ranks and outputs. That is many times fewer numbers than LoRA, and the random matrices are drawn again from their seed, so the adapter's file holds the vectors alone. Take it where many adapters must be small; it wants a much higher rank and learning rate than LoRA. (Kopiczko et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>All methods, ten minutes each</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Alpha</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Alpha goes with the rank, so that the change keeps its strength</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Among beams, above 1 favours longer summaries and below 1 shorter ones. With one beam it changes nothing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>An adapter needs a name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>An {1} is here, but this torch, built for {2}, does not use it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>Ann: Shall we meet at 5 pm?
Bob: Yes, at the station.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/mixing.py" />
   <source>Ann: Where are you?
Bob: At the office, till five.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Another language than the rest</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>Apple graphics</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Applied to</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Approximate rotations by a short series instead of solving for exact ones. Faster; lengths are kept as long as the rotations stay small.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Arcee</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Arena</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>As given</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>As it is</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>At final rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>At full rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>At full rank and at final rank take all of the steps: none is left to take ranks away.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>At most {1} can be shown.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>At most {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Author</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Average width that is left at the end. Layers that matter more keep more of it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>BG BH CR DE GB GE IE ME RS VA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>BI DJ FR GR IT MC MR SM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>BR EG PS QA UA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>Bank account number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Base model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>Base model in 4 bits</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Base models load unquantized; choose quantization none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>BaseFacts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Batch size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Beams</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Begin and end it with a letter or number.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Begin another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Beginning at {1} does not work on an int8 base: stored as a plain LoRA it computes in another order, and int8 layers then round otherwise.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Begins at</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Begins like a LoRA with too much rank, measures how much each part of each pair matters, and takes the least useful away until the average rank is reached: layers that matter more keep more. The finished adapter is an ordinary LoRA whose rank differs by layer. Take it for runs of a few hundred steps or more: short ones leave it no time to tell the parts apart. (Zhang et al. 2023)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Begins with random numbers instead of words.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Below is a chat. Write a short summary for someone who was not there: who wants what, what was agreed, and what is still open. Use the speakers' names and add nothing that they did not say.

Chat:
{conversation}

Summary:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Best by</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>Better</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Between its layers a transformer brings its numbers to one scale with norms, each with one factor for every number of the model's width. LayerNorm tuning trains these factors, and the biases that some norms have: a few thousand numbers in all. Nearly every model has them, so take it where an adapter must be as small as can be, or where BitFit finds no biases. (Zhao et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>BitFit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Block size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Blocks a side</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Bootstrap</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Both factors thin</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Bottleneck adapter</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Bottleneck adapters are not linear and can't be merged.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Bottleneck size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>BottleneckConfig</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>BottleneckLayer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>BottleneckModel</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Boundary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Branch, tag or commit of a hub model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Bring them back from a copy.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>Broken</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Builds the change of a weight from blocks in which every row is the one above, shifted by one. Such a block of n × n numbers is given by n and can have the full rank, and it is applied by a fast Fourier transform, so that little memory is needed. Take it where LoRA's rank is too low and its numbers are too many. (Chen et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>CH HR LI LV</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>CUDA {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>Card number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>Cc</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Change</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Changes few random places directly</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Characters that can't be seen</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Characters that were damaged, or that belong to one font alone</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Chat</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Check it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>Check the connection. Models and conversations in folders work without it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/check_details.py" />
   <source>Check the data again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>Check the disk, then resume the run: its last checkpoint is safe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Check the disk. {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>Check the folder's permissions.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Check the path and its permissions.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Check the path; a hub id looks like owner/name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Check the spelling. A private one needs `hf auth login` once.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>Checkpoint activations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Checkpoint every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>Choose "auto" or "cpu"; `main.py doctor` says what is there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>Choose a data set of plain files, or fetch its files yourself and choose those.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Choose a file with conversations and summaries.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Choose a file with rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>Choose a method that trains fewer numbers, such as LoRA.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>Choose a smaller base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Choose a smaller micro-batch or base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>Choose a smaller micro-batch, checkpointed activations, a quantized or a smaller base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>Choose an encoder-decoder (T5, BART, Pegasus) or a decoder-only model (Llama, Qwen, SmolLM).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/csv_file.py" />
   <source>Choose another folder, or free some space.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/eva.py" />
   <source>Choose another initialisation, a lower rank or more examples.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/eva.py" />
   <source>Choose another initialisation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>Choose another method, or no adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Choose another name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Choose another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/paths.py" />
   <source>Choose another place with TUNESMITH_HOME.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/read_conversations.py" />
   <source>Choose another source.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>Choose fewer of the last blocks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>Choose from more blocks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Choose its method to go on from it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Choose last blocks or names; for all of it take full fine-tuning.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/smaller.py" />
   <source>Choose one of the smaller plans.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Choose one with words in it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Choose the base model that it was made for, or export it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Choose the base model that it was made for.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Choose the file itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Choose the folder that holds adapter_config.json.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Choose the folder that holds it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Choose the zip of an adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Chosen layers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>Classifier</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Close it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Close other programs before a run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>Cn</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>Co</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Cohere</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Cohere 2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Column mapping</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Column with the conversation, or auto.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Column with the reference summary, or auto.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Compute parts of the forward pass twice instead of keeping them: less memory, more time.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Control or zero-width characters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>Conversation "{1}" (row {2} and more) has turns in several splits.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Conversation alone</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Conversation and summary can't be the same column.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Conversation column</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Conversation over the limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Conversations of turns in rows of their own are named by data.columns.group.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>Convert it to a plain LoRA where it was made: PEFT's save_pretrained does, given the adapter's beginning as path_initial_model_for_weight_conversion.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>Copy its tokenizer files too.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/intake.py" />
   <source>Copy lines of JSON, a table or a chat first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Copy or download it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Copy or export it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>Copy or export the adapter again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Cost</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/counting.py" />
   <source>Counted with the tokenizer of {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/__init__.py" />
   <source>Course</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>Cs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Cut by the limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>Cut conversations earlier, or checkpoint activations.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Cuts each weight into a grid of blocks and gives every block a thin pair of its own. It trains as many numbers as LoRA of the same rank, but the whole change can have a higher rank, and a few outlying inputs disturb only their own blocks instead of everything. Take it where LoRA gets no better, or even worse, with more rank. (Jung et al. 2025)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Cuts each weight into shards along its inputs and trains one small block that is added to all of them. Instead of LoRA's two matrices there is a single one that starts at zero, which learns quickly and needs less memory. Earlier versions were called Bone and DiSHA. Take it as a quick LoRA with half the numbers. (Kang and Yin 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Cuts the thin matrices of LoRA into short pieces and puts each piece together from a bank of vectors that all layers share: a piece is a mix of the few vectors that it picks. The bank and the picks are trained, so layers learn from each other and keep little of their own. It begins at small random numbers and so not exactly at the base. Take it where an adapter must be very small. (Li et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>DK FK FI FO GL NL</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Damaged</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Damaged characters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Data</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>DeLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Decides the splits of a source that has none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Decides what is drawn. The same seed draws the same, whatever is written beside it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>Default</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>Delete it; resume goes on from the checkpoint before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>Delete models you no longer use, or set HF_HOME to a larger disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Delete models you no longer use, or set HF_HOME to another disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Delete runs and base models you no longer use.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>Deleted account</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Device</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Did you mean {1}?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Difference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Discord messages</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Disk</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>DoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>DoRA does not begin at {1}: its magnitudes are those of the whole weight.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>DoRA does not work on an int8 base: it needs the weights' magnitudes, which int8 layers don't tell.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Don't trust this file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>Don't trust this model, or take its chat template out: Tunesmith uses none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>Don't use it, or ask who made it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Double quantization</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Draft</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Draw among the likeliest tokens that together have this probability. 1: among all.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Draw random matrices of −1, 0 and 1 instead of dense ones.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/intake.py" />
   <source>Drop one folder, or files alone.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Dropout</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Dropout within the bottleneck</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Duplicate conversations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>E-mail address</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>ERNIE 4.5</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/eva.py" />
   <source>EVA looks at training examples before it begins, and there are none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/eva.py" />
   <source>EVA needs at least {1} tokens to look at; the training examples have {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>EXAONE 4</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>Each step still learns from its {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Each weight is cut into this many blocks in both directions; it must divide the rank and the widths of all adapted layers. Absent: 2 up to rank 32 and 4 above, if they divide.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Empty conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Empty summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder dropout</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder layers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Encoder width</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>End the training after this long, evaluations and pauses not counted. 0: by steps. The schedule is still that of all steps.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>Ended at step {1} of {2}: the {3} minutes for training are over.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Enter “{1}” in a terminal: it fetches the torch for this card.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/differences.py" />
   <source>Entries share data, prompt, scoring and seed: change it, or make another arena.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Entry</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Epochs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Evaluate every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/teams.py" />
   <source>EventMessageDetail</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Every conversation scores the same as with the base.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Every method at its preset, for ten minutes or the recipe's epochs, whichever ends first</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Everything, only weights, only biases, or only norms.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Examples</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Examples in the prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Examples that one step learns from. How many are computed at a time underneath changes speed and memory, not what is learned.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Exclude fewer findings.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Excluded findings</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Export</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>Export the adapter instead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>FLAN-T5, t5-v1_1</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Factor</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Factor of what the adapter adds</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Family</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Fast rotation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/traces.py" />
   <source>File "</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/shape.py" />
   <source>Fill it in, or take the row out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Findings of the data check whose rows are left out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Finish the run, or write a checkpoint and stop.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>First those whose words stand least in conversations with an accepted summary: they teach what is new.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Folders</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>For example: "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>For someone who missed it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>ForCausalLM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Form</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>FourierFT</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompt_run.py" />
   <source>Free some disk space, then resume the run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>Free some disk space, then resume the run: its last checkpoint is safe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/events.py" />
   <source>Free some disk space.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>Free some disk space; resume goes on from the checkpoint before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Free some space</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/intake.py" />
   <source>Free some space, or check the folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Free some space.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Free some space. {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>Free space, or set TUNESMITH_HOME.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Frequencies</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>From the first step on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Full fine-tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning is not among the scored entries.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>Full fine-tuning was scored on other conversations.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Full-rank sum of random pairs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Gaussian start</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma 2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Gemma 3</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Give hours from 0 to {1}; 0 leaves each chat whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/writing.py" />
   <source>Give its text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Give more conversations, or put "{1}" into the name of a file in a folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Give more of the id; `main.py adapters` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Give the id of one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>Give the same "{1}" to all its rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>GraLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Gradient limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Granite</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Graphics card</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Group</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/__init__.py" />
   <source>Handling</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Helium</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>High ranks keep learning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>Higher</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>How far each step goes. Absent: the method's preset for this base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>How far the change may go at the start of training, as a multiple of the weight's own size; it is trained along.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>How many times the learning rate the second matrix of a pair gets (LoRA+). 1: the same; published: 16.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>How many trained keys and values each attention layer of the decoder sees before the summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>How many trained vectors stand before the input. More can say more, and every one costs room and time.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>How many validation conversations, the first ones, are summarised and scored by ROUGE at each evaluation. It shows in the plot and takes time: with 16, the starter's run is about 3 % longer. 0: none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>How many vectors of the bank are mixed for each piece of a matrix.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>How many vectors the bank holds that all layers draw from. Larger models want more.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>How many vectors the encoder writes before the input.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>How often every example is seen.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>How slowly the estimate of a part's use follows the newest step.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>How slowly the estimate of its fluctuation does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>How the learning rate falls: in a line to 0, along a cosine to 0, or not at all.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>How the trained block changes the shards. plain: it is added to each. bat: each shard is also multiplied by it, so that the change depends on the weight. mini: a narrow block is repeated along the outputs, which trains far fewer numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Hub</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>IS TR</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>If the last turn is the summary, write last_turn = "summary" into data.columns.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>If the window goes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>Import it, so that it gets one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompt_run.py" />
   <source>In a recipe's file these are data.prompt and data.shots.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>In more than one split</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>In the order of the source.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Initial rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Input vectors written by a small network</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Inputs that are rotated together. Larger blocks can learn more and train more numbers. Where it does not divide a layer's width, the nearest size that does is taken.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Inputs that are rotated together; it must divide the input widths of all adapted layers. Larger blocks can learn more and train more numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/extras.py" />
   <source>Install it (`pip install bitsandbytes`), or choose "adamw" or "adafactor".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/extras.py" />
   <source>Install it (`pip install bitsandbytes`), or choose quantization "none".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Install the driver of the {1} and start the computer anew.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Install the {1} build that pytorch.org names for this system into {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>It</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>It changes weights that the base shares between layers. Export the adapter instead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>It compares a to z and 0 to 9 alone: summaries in other scripts score 0.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>It could overwrite the base model, so it is not loaded. Export the adapter again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>It has {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>It holds: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>It is known before it is asked for, so scores look better than they are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>It is scored with the recipe's prompt, like the base.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>It may be made by a later version of PEFT.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>It says more than there was to say.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>It teaches to copy.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>It works on {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Item</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/event_shapes.py" />
   <source>Its checkpoints and its adapter have checksums of their own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Its file holds the result and not all that training goes by: start anew.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Its items are lists.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Its last log lines are below.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/standings.py" />
   <source>Its run is no longer there. Run it again, or take it out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>Its weights must be safetensors files: other formats can run code when they are loaded.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/standings.py" />
   <source>Its worker went without a word. The queue goes on with it from its last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>JO KW MU YE</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Keep</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Keep one in</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Keep the base model in 8 or 4 bits: less memory, slightly different outputs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Keep the examples whose index this divides, in every split.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Kind</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>Kind of parameters: all, weights, biases or norms</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Kinds of personal data that are masked, in conversations and summaries.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Known: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Kronecker product of two small factors</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>LSTM encoder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>LY PT ST</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>LabellingSet</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Last blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Last two blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Layer dropout</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>LayerNorm tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>Layers are computed twice instead of kept</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Layers of the LSTM; the MLP has its own two.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Learning rate</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>Least like what is labelled</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Leave data.columns.id out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>Leave data.columns.pause out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Leave data.conversation or data.columns.text out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Leave data.summary or data.columns.last_turn out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it at 0, or take an LSTM of two layers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it at 2, or take the LSTM.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Leave it empty, or switch the projection on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Leave it out, or train copies of biases: {1}, or {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>Leave one kind in the folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Leave out {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Leaves each weight as it is and trains two thin matrices beside it, whose product is added to the weight's. {1} The pair can be folded into the weight afterwards, so the tuned model is as fast as the base. Take it first: it works on every model, and most other methods are measured by it. (Hu et al. 2022)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Left out, as no messages of a chat stand in it: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Left out, as no split stands in the name: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Left out, as other files are read: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>LeftOut</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Length in words</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Length of a circulant block; it must divide the widths of all adapted layers. Larger blocks train fewer numbers. Absent: the largest that divides, up to 256.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Length of a vector in the bank; it must divide the widths of all adapted layers. Absent: the longest that does, up to 256.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Length penalty</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Let both be below 1 together.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Let it be written again</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Let it be written again. {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Lets every attention layer of the decoder see a few trained keys and values, as if something had been read or written before. It steers each layer and not only the input, so it can do more than prompt tuning with as many virtual tokens. With projection a small network computes them while training and is dropped afterwards.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>License</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>License ::</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>License-Expression</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Like LoRA, but direction and strength are learned apart: every direction is kept at length one and one trained boundary a layer says how far its whole change goes. Long training or a high learning rate therefore spoils the model less easily than with LoRA. Take it where runs end worse than they were in between. (Bini et al. 2025)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/rouge.py" />
   <source>Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/mixing.py" />
   <source>Linear</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>Llama</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>Llama, Mistral, SmolLM2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoHa</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoKr</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>LoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>LoRA ranks 1 to 64</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>LoRA that shares its ranks out by need</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>LoRA trains no biases: they are the frozen base's own, so training them would change the base itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>LoRA with bounded strength</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Log</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Long conversations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>Long conversations first: they are the hardest to summarise.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Longer gradients are shortened to this norm.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Longer ones are cut, with a notice.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Longer reference summaries are cut, with a notice.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Longest conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/order.py" />
   <source>Longest first</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Longest reference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Longest summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Look whether the name's ending says what the file is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Low rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Low-rank matrices from shared vectors</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>Lower</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Lower Shortest summary, or raise Longest summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/trainer.py" />
   <source>Lower the learning rate, or use float32; resume goes on from the last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/generate.py" />
   <source>Lower the longest conversation or the longest summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/writing.py" />
   <source>Lower the longest summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>MK SI</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>MT SC</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Magnitude and direction apart</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Magnitude apart</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>Make the micro-batch smaller, or checkpoint activations.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Mapping by hand for shapes that are no two columns of text: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Masked data</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Memory</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>MessageList</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Method</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>MiSS</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>MiSS bat</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>MiSS mini</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Micro-batch</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>Micro-batch {1} to {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Mini rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Mirrors each weight a few times</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Missing: {1}. {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Mistral</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Mixtral</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>Models that bring their own code are not run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>More than one arena is called or begins with</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>More than one run begins with</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>More vectors are mixed than the bank holds.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Most have "main".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Most minutes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Most steps</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Most to test on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Most to train on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Most to validate on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a chain of mirrorings (Householder reflections), each given by one trained vector. Such a chain turns no more directions than it has mirrorings: it keeps lengths and angles as OFT does and is as small as LoRA. At the start the mirrorings undo each other in pairs. Take it as a middle way between LoRA and OFT. (Yuan et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Multiplies each weight by a trained rotation instead of adding to it. A rotation keeps the lengths of the weight's rows and the angles between them, and with these much of what the base knows. The inputs are rotated block by block, so that few numbers are trained. Take it where the model must not forget what it can do. (Qiu et al. 2023)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/scaling.py" />
   <source>Multiplies keys, values and the inner activations of the feed-forward layers by trained vectors that start at one: it turns what the base computes up or down, number by number. It has very few trained numbers, needs a high learning rate, and can be folded into the weights. Take it for tiny adapters and few examples, which it was made for. (Liu et al. 2022)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Multitask prompt tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>NF4, double</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/graphics_cards.py" />
   <source>NVIDIA card</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>Name  minutes:seconds</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>Name [time]</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Name a column of texts.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Name a column, or leave the key out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/label_data.py" />
   <source>Name another column, or another source.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Name another column, or write summaries for them: "Write summaries" on the data page.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Name another column.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Name it as data.columns.group, or leave data.columns.speaker out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Name linear layers under Applied to.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Name the column of summaries as data.summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Name the column of turns as data.conversation, or leave data.columns empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Name their last layers under Applied to.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>Name — date time</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>Name, [date time]</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Named like</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Names of modules left out</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Names of the layers that get an adapter behind them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>Names of the modules that hold trained parameters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Names of the weight matrices that {1}. Absent: the method's default for this base model. "all-linear" means every linear layer but the output head.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>Names there: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Nearest that does: an nf4 base, or LoRA without it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Nearest that does: an nf4 base, or eva.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Nearest that does: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/rules.py" />
   <source>Nearest that reads those too: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Nearest that works: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>New word pairs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>New words</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/lengths.py" />
   <source>No base model is named</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>No column looks like the {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>No column says which rows belong to one conversation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>No conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>No measurable difference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>No one says anything in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>No repeated sequence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>No run can go on from such an adapter of {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>No sequence of this many tokens is written twice. 0: any may be.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/smaller.py" />
   <source>No smaller plan would fit: end other programs, or choose a smaller base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>No summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>No summary ends before this many tokens.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>No summary is accepted yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>None found. Small models train on the processor; larger ones want a card.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>None would fit: lower the longest conversation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Normally distributed start</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Not in the conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Not used by this tuner</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>Nothing in {1} is named like "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Novelty</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Number format of the frozen weights. Auto: bfloat16 where the device does it well, else float32. T5 overflows in float16.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Number of directions that the change has, each kept at length one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Number of reflections. It must be even: they start as pairs that undo each other.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Numbers that the adapter squeezes a token's vector into. More can learn more and trains more numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>OLMo 2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>OLMo 3</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>OSI Approved</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>Of {1} the sheet {2} is read, and not {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Offline, as asked for: nothing is fetched.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>Older formats can run code when they are loaded, so they are not. Choose another base model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>One block shared across weight shards</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/results.py" />
   <source>One conversation, so no interval.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>One method on a base that is kept in fewer and fewer bits</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>One rotation for all blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>One rotation for all blocks of a layer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>One sentence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Only checkpoints with an adapter.toml can be promoted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Only layers with such names, where * stands for anything: decoder.block.*.SelfAttention, lm_head, q. Capitals do not matter. Absent: whatever its name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>Only modules with such names</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>Only one selective adapter can be active at a time.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>Only the last blocks of each stack; 0 is all</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Open it with that one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Optimizer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Order</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Orthogonal fine-tuning with small exact rotations and a trained scale for every output. The paper chains several such rotations like a butterfly, so that small blocks reach all inputs. PEFT has the chain only where a CUDA extension can be compiled; here it has one link, so that an adapter is the same on every computer. Take it for OFT with very small blocks. (Liu et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Orthogonal start</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Orthogonality</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>Other columns are: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Outputs that the repeated block of the mini form spans; it must divide the outputs of all adapted layers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/rouge.py" />
   <source>Overlap of words between a summary and a reference summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Packages</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Pairs of neighbouring words that summary and reference share.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Part</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Patience</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Personal data is masked in the texts ({1}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Pfeiffer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>Phone number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>PiSSA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Picks a few of each weight's numbers at random, in the paper one or two of a hundred, and trains a change for these alone. The change is sparse and of high rank. The places are drawn from a seed and stored beside the numbers. Take it where few of the base's numbers may change. (Bhardwaj et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Place</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Placement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Plain instruction</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Precision</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prefix tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Preset</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Problem | None</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>Processor</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Progress</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Projection</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/hard_prompts.py" />
   <source>Prompt only</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prompt tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Prompt tuning whose vectors are written by a small network, so that they learn together and a usual learning rate will do. The network, an MLP or an LSTM that reads the vectors in order, is only needed for training: the adapter holds the finished vectors and is as small as one of prompt tuning.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Pull of each matrix's rows to right angles, without which parts can't be taken away one by one. It steers the training alone: losses are shown without it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Pull of the trained numbers towards zero.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Put "train", "validation" or "test" into the name of a file that is to be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>Put it back and resume, or start again from the recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Put it back.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Puts a few trained vectors before the embedded conversation, as if the instruction were written in words that no vocabulary has. Nothing else is trained: 20 vectors for a model 512 wide are 10,240 numbers, the smallest adapters there are. It wants a high learning rate and patience, and larger models gain more.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Puts a small network behind attention and feed-forward: it squeezes each token's vector into a few numbers, bends them, widens them again and adds the result. It begins as nothing, so the first step starts from the base model. Take it as a solid all-rounder that learns what no change of a weight can; it stays a part of its own, so generating is a little slower and it can't be folded into the model. (Houlsby et al. 2019; Pfeiffer et al. 2020)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/storage.py" />
   <source>PytorchStreamWriter</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Quantization</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/presets.py" />
   <source>Quantization: none, int8, nf4, nf4+double</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>Quantize the base model, or choose a smaller one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Quantize the scales of a 4-bit base too.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>ROCm {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>Raise data.max_conversation_tokens to keep them whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>Raise data.max_summary_tokens to keep them whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>Raise the longest summary (evaluation.max_new_tokens) to score them whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>Raise training.max_minutes to train longer; 0 sets no limit.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>RandLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Random start</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_transfer.py" />
   <source>Range</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Rank dropout</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Rank of a plain LoRA beside</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Rank {1} is more than {2} can have: it is {3} × {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Rank-stabilised</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Read it again once it is written whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Read the conversation and say in one sentence what it comes to.

{conversation}

In one sentence:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Reader</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/standings.py" />
   <source>RecipeError</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Recipes of schema {1} are not known here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/__init__.py" />
   <source>Record</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Refuse a file with broken rows, or leave them out, with a notice that names them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Remove the entry and add it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Repair the file, or export it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/shape.py" />
   <source>Repair the row.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Repair the rows, or look whether the name's ending says what the file is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>Repair them, or leave them out: data.broken_rows = "leave_out" in the recipe, or --set data.broken_rows=leave_out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Reparameterizations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Repeated or cut to the number of virtual tokens. Only for a start from text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Repetition penalty</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Replace it, or choose another name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>Reply</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Report every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Resamples behind each interval.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>Resume goes on from the last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Revision</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Rotates each weight, keeps its length</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Row</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/shape.py" />
   <source>Row {1} has no "{2}": it is not known which conversation it belongs to.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>Row {1} of {2} has no {3} and is left out. {4}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/shape.py" />
   <source>Row {1}: "{2}" holds {3} turns, "{4}" {5} speakers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Row {1}: the column "{2}" holds lists of something else than texts.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Row {1}: the column "{2}" holds no turns.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Row {1}: the column "{2}" holds tables, not text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Rows left out, {1} ({2}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Rows that can't be read</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Run `{1}`.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Runs and adapters are kept in {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Runs cut its end.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Runs learn to write them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Runs leave rows with {1} out anyway.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Runs leave such rows out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>SRT subtitles</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/label_data.py" />
   <source>Sample conversations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Sampling goes with one beam.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Save it anew.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Scale</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Scale by alpha over the square root of the rank (rsLoRA), so that high ranks keep learning.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/scaling.py" />
   <source>Scales keys, values and feed-forward</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Scaling</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Schedule</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Score the first this many. 0: all.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>Scored with {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Second matrix faster</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>See which layers the base model has under Applied to.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Seed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Selective</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>SelectiveConfig</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>SelectiveLayer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/__init__.py" />
   <source>SelectiveModel</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Sensitivity smoothing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Set Beams to 1, or Temperature to 0.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Set TUNESMITH_HOME to a folder of your own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Set training.evaluate_summaries above 0, or let the best go by the loss.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>Settings may name no files or code, and have numbers as adapters have. Remove it if you trust the adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/__init__.py" />
   <source>Shape</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/__init__.py" />
   <source>Shaped</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Share of a summary's names, numbers, times and dates that do not stand in the conversation, by pattern.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Share of a summary's words that the conversation lacks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Share of its pairs of words that the conversation lacks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Share of summaries that reach the longest length.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Share of the adapted layers that are left out in a training step.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/shared_options.py" />
   <source>Share of the adapter's inputs that are dropped while training, against learning by heart.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Share of the blocks that are left unrotated in a training step, against learning by heart.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Share of the bottleneck's numbers that are dropped while training, against learning by heart.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Share of the change's rows that are dropped in a training step.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Share of the steps before anything is taken away.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Share of the steps in which the learning rate rises.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Share of the steps, at the end, in which the ranks stay as they are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Share of what passes between the LSTM's layers that is dropped while training.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Share out every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Shared rotation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>Shorten</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Shorten it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Shortest summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>Since step {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Size of the shards that a weight is cut into. More rank can learn more and trains more numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Size of the smaller factor. Absent: as near to a square as the layer allows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Sketch</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/slack.py" />
   <source>Slack</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Slack messages</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Small LoRA pairs for weight blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Small rotations and trained output scales</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Soft prompts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>Source</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Sparse bases</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/__init__.py" />
   <source>Split</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Split seed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Splits the vectors before the input into a prompt that tasks share and a low-rank factor for each task, by which it is multiplied. Summarising conversations is a single task, so here it trains one prompt and one factor; it pays where the shared prompt is taken on to other tasks later.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>Standing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>Start a new run with it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>Start a new run with the base model in fewer bits.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>Start a new run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Start again: it is fetched anew.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Start again: the download goes on from there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Start again: what came so far is kept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Start anew, or use it as it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Start from</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>Start it without --offline and HF_HUB_OFFLINE, or choose a folder on this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Starting scale</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Starting text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Starts at right angles</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Starts at the weight's QR factors</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Starts at the weight's main directions</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Starts at what the layers read in your data</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>State</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/__init__.py" />
   <source>Step</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Steps between two checkpoints. 0: once an epoch.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Steps between two decisions about the ranks. Absent: about a hundred decisions in a run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Steps between two evaluations on the validation split. 0: once an epoch.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Steps between two reports of the loss.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Stop after this many evaluations without a better one, by what decides the best state. 0: never.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Stop after this many steps. 0: by epochs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Stop it first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>Stopped at step {1}: {2} evaluations without a better {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Strength of the change. Scale it and the learning rate against each other.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Strength of the change: it is scaled by alpha over rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Often once or twice the rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Often twice the rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Strength of the change: it is scaled by alpha over rank. Usual is 20 times the rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Strength of the change: it is scaled by alpha over the initial rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Strength of what the adapter adds to its sublayer's output.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Summaries are cut after this many tokens.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Summaries scored</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Summarize the following conversation in one or two short sentences.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Summarize the following conversation.

{conversation}

Summary:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>Summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Summary column</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Summary longer than its conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Summary over the limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Summary that looks like a copy</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Switch them off, or use {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>System</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>T5 overflows in float16.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>T5's task prefix</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>Table</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Take at most {1}, or leave such layers out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>Take at most {1}, or lower</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Take eva or default, or switch DoRA off.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Take fewer than {1}, so that conversation and summary fit too.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>Take fewer virtual tokens, shorten</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>Take it alone, or only layers by name: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>Take over its settings to go on from it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Take the plain form, or an nf4 base.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>Take {1} out of the list.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Take {1}, or a lower rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Take {1}, or another initialisation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Tally</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Tasks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Tasks that the file has room for. Conversations are one task: the first is trained, others stay as they begin.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/teams.py" />
   <source>Teams</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Teams messages</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Telegram messages</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Temperature</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Template</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/__init__.py" />
   <source>Tensors</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Texts that are followed side by side; the likeliest is kept. 1 is greedy decoding; more is slower.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>That chooses the whole model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The MLP encoder always has two hidden layers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>The adapter</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>The adapter can't be put into the library: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>The arena in {1} is gone or can't be written.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>The arena {1} can't be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/soft_prompts.py" />
   <source>The base model's vocabulary has nothing for the text to start from.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>The bat form computes with unpacked weights, so on an int8 base it would not start as the base.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>The bat form's rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>The best state can't go by ROUGE-1: no summaries are scored while the run trains.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>The best state so far</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>The best was {1} at step {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>The block size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tokens.py" />
   <source>The cache of token ids</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>The change depends on the weight</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>The checkpoint of step {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>The column "{1}" has no {2} in the {3} split.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>The column "{1}" holds no lists of turns.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>The column "{1}" holds numbers, and no {2} is one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/shape.py" />
   <source>The column "{1}" holds {2}, not text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>The column "{1}" of {2} holds {3}, no text, and is not read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/names.py" />
   <source>The columns are: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>The command {1} can't be left in {2}: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>The configuration of {1} asks for a prefix {2} wide, but its weights are {3} wide.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>The configuration of {1} says {2} = {3}, but its weights hold {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>The configuration of {1} says {2} = {3}, which {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>The connection broke after {1} of {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/writing.py" />
   <source>The conversation is empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The conversation is too long to be added.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The conversations of {1} can't be read: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>The curve between the two layers of the adapter, without which they would be one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/names.py" />
   <source>The data has no columns.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>The data has no {1} split: {2} training conversations are held out for it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/export.py" />
   <source>The data set can't be written: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>The device's memory does not hold this.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk failed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk is full.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The disk is read-only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>The disk with {1} is full.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>The download needs {1}, and {2} has {3} free.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The encoder reads the vectors in order.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>The events can't be written any more</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>The examples that are scored.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/__init__.py" />
   <source>The files are of several kinds: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/paths.py" />
   <source>The folder {1} cannot be made: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>The folder {folder} is gone: it was moved or deleted meanwhile.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/smaller.py" />
   <source>The heaviest batch needs {1} of memory, and there is room for {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>The hub answers with an error ({1}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>The hub can't be reached: {1} {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>The hub has no {1} named {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>The hub stopped answering.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>The initial rank, {1}, must be above the rank that is left, {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The job ended as {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The labelling set can't be made: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>The last turn can't be the summary of turns in rows of their own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>The last turn can't be {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/mixing.py" />
   <source>The layer's rows are not those of the batch.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>The log has the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>The longest run of words in the same order, gaps allowed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/trainer.py" />
   <source>The loss is no number at step {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>The mini rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>The model ends before it writes a word. Each counts as 0.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The name has {1} characters.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>The name must be text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>The network that computes the vectors: each for itself (MLP), or in reading order (LSTM).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>The norms of {1} models have no numbers to train.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>The number of blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>The one before it is taken.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/extras.py" />
   <source>The optimizer {1} needs bitsandbytes, which is not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>The orthogonal initialisation needs an even rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>The other one is fine.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>The other {1} are fine.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>The passport of {1} can't be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>The passport of {1} can't be written: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>The prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The prompt has no {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The prompt has {1} characters, and at most {2} are read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/standings.py" />
   <source>The queue is paused.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>The queue of {1} is being worked.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>The queue of {1} is worked by another window or command line.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>The rank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>The recipe is no TOML: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>The recipe {1} cannot be read: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>The record of changes can't be read: {1}: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>The registry says that it works; no proof of it is here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/events.py" />
   <source>The run's events</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>The same seed gives the same run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>The same, sentence by sentence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>The second matrix learns faster</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>The shortest summary, {1} tokens, is longer than the longest, {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summaries</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/writing.py" />
   <source>The summaries of the pieces are together longer than {1} tokens, and are cut.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>The summary has {1} characters.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>The summary is named twice: as a column and as the last turn.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The template "{1}" can't be deleted: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The template "{1}" can't be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>The template "{1}" can't be renamed: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>The tokenizer of {1} can't be loaded: {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/lengths.py" />
   <source>The tokenizer of {1} is not on this computer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>The turns of column "{1}" have no "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>The value</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>The weights of {1} hold {2}, which is no part of {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/processes.py" />
   <source>The worker can't be started: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>The worker ended with exit code {1} without a word.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>The worker found nothing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>The worker is gone without a word.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>The worker was ended from outside ({1}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>The worker was killed (SIGKILL), probably out of memory.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>The worker's log below {1} has the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>The {1} of {2} can't be read: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>The {1} of {2} can't be used: {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>The {1} of {2} holds no state.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>The {1} of {2} is damaged: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>The {1} of {2} names no PEFT method.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>There are no data files in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>There are no rows in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>There are no {1} in {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>There is a template "{1}" already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>There is no adapter "{1}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>There is no arena</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>There is no arena in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>There is no chat export in the data that a pause could part.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/names.py" />
   <source>There is no column "{1}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>There is no conversation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>There is no method "{1}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>There is no model in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>There is no recipe at {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>There is no run</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>There is no saved template "{1}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>There is no summary yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/intake.py" />
   <source>There is no text to paste.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>There is no word in the text to start from.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>There is nothing at {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>There is nothing to drop: dropout acts between the layers of an LSTM.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>These are read: csv, json, parquet and arrow.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>These are read: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>These are: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>These can be changed: {1}. For anything else start a new run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>These do: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>They are excluded by data.exclude.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>They hold: {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>They hold: {1}. Name the key of what is said as data.columns.text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/generate.py" />
   <source>This base model takes {1} tokens; prompt and summary{2} need up to {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>This computer has no {1} device that torch can use.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompt_run.py" />
   <source>This is the base model as it is: change the prompt or show examples.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>This model has no {1} to train.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>This model has {1} blocks in a stack, not {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>This run takes about {1} of memory, and there are {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>This version writes {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/__init__.py" />
   <source>TimeLeft</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/__init__.py" />
   <source>Timed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>To read them, put them into a folder of their own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/lengths.py" />
   <source>Token lengths are counted with the tokenizer of {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Tokens computed at a time. Smaller needs less memory and learns the same. 0: chosen for this device.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>Top-p</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Train a small network that computes the prefix, which steadies learning; it learns at a thirtieth of the run's rate. Only the finished prefix is kept in the adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Train each weight's magnitude apart from its direction (DoRA): learns more at low ranks, takes more time.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train the last blocks of each stack, which are nearest to the output. 0 chooses from the whole model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Train weights or norms of them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained keys and values per decoder layer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trained numbers of each adapted layer: waves over its weight, at random frequencies. A layer with fewer weights than that gets as many as it has weights.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trained of them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Trained vectors before the input</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains a copy of every weight of the base model. It is the yardstick: the most that can be learned, at the price of an adapter as large as the base and of optimizer memory twice that. The base stays as it is beside it, so both can still be compared. Take it for small models, and to see what a thrifty method gives away.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains a copy of some of the base model's own layers: the last blocks, those with certain names, or both. The last blocks turn what was understood into words, so they change the writing most, and the blocks below need no gradients, which saves time and memory. Take it when you know which part should change. Its adapters are as large as the layers chosen.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains a few frequencies per weight</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Trains as many places of a weight as LoRA of this rank trains numbers: rank times the sum of the weight's two widths.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains chosen layers, whole</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains every weight</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/hard_prompts.py" />
   <source>Trains nothing, adds examples</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/hard_prompts.py" />
   <source>Trains nothing: the base model reads your prompt, with as many worked examples in it as you like, and is scored against itself with the plain prompt. It is the other yardstick: what can be had for the asking, and what a trained adapter has to beat. What it saves is the prompt.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Trains scales of shared random matrices</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the biases only</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Trains the norms only</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Transcript</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>Try again later; what came so far is kept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>Tunesmith is offline, so nothing is fetched from the hub.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Tunesmith {1}, Python {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>Turns</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>Twice the numbers of the last block alone</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Two low-rank changes, multiplied</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Two thin matrices beside each weight</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Uncertainty smoothing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>Unexpected: {1}: {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Unknown activation {1} or placement {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Unpack it and import them one by one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>Unpack it yourself if you trust it, and choose the files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Unpack it yourself if you trust it, and choose the folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>Unpacking takes {1} GB, and {2} GB are free.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Unpacking {1} takes {2} GB, and {3} GB are free.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Unreadable</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>Unterminated string</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Update Tunesmith to use it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>Update the driver of the {1}; this torch wants a newer one{2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Use at most {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Use bfloat16.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>Use its prompt in a new recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Use the same rotation for all blocks of a layer: fewer trained numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>Value error,</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/__init__.py" />
   <source>Variant</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>VeRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Vector length</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Vectors</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Vectors mixed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Virtual tokens</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>Wait for it to end, or stop it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>Wait for it to end, or stop it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Warm-up</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>WebVTT transcript</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Weight decay</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>Weights in .bin files can run code when they are loaded, so only safetensors are taken.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>What decides the best state and patience: the loss on the whole validation split, or ROUGE-1 of the summaries scored at each evaluation, which swings more the fewer they are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>What each token looks at, in every block</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>What is excluded leaves no conversation in the {1} split.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/label_data.py" />
   <source>What is excluded leaves no conversation of {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/decoding.py" />
   <source>What is longer than the adapter was trained with is cut at its end, or summarised piece by piece, and the pieces' summaries together.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>What is said is named twice: "{1}" and "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>What looks like {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>What the base model is asked. {conversation} stands for the conversation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>What the prefix is at first: what the model computes at the words of a text, or random numbers. With projection it always begins at random.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>What the prompt shows</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/event_shapes.py" />
   <source>What the run told is damaged in places, which are passed over.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>What the trained scales of the ranks start at. Small values are usual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>What the vectors are at first: the words of a text, words drawn from the vocabulary, or random numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>What to do: {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>What was changed while the run was under way, and behind which step.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>What was deleted is still in {1}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>What was trained up to step {1} starts from the base model's own numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>WhatsApp export</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>Where a turn with "{1}" is due there is {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Where attention and feed-forward end in a {1} model is not known.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>Where the adapters stand. houlsby: after attention and after feed-forward. pfeiffer: after feed-forward alone, with half the numbers or fewer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Where the pair begins. default: random and zero. gaussian: the same, normally distributed. orthogonal: two parts at right angles. pissa, olora: the weight's own main directions (by SVD or QR). eva: the main directions of what the layer reads in the first training examples.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Where to compute: auto, cpu, mps, xpu, cuda:0 and so on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/training.py" />
   <source>Which state becomes the adapter: the best on the validation split, or the last.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Width of each random pair. A smaller rank means more pairs and more trained numbers: together they always reach the full rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of every layer at the beginning, from which the least useful parts are taken away. Often 1.5 times the rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>Width of the bottleneck</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the encoder's hidden layers. Absent: the model's own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the four thin matrices. The change's rank can reach its square.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Width of the larger factor's two thin matrices; where that would save nothing, the factor is trained whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the projection's hidden layer. Absent: as wide as a layer's keys. Only with projection.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Width of the task's own change to the shared prompt.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Width of the thin matrices of all blocks together: it trains as many numbers as LoRA of this rank.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Width of the thin matrices that are put together from the shared vectors.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>Width of the two random matrices that all layers share. Take more than for LoRA: only one number for each rank and one for each output are trained.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>Width of the two thin matrices. More rank can learn more and trains more numbers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>With projection</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>Without projection there is no hidden layer to be so wide.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Words of a summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>Words that summary and reference share.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/data_options.py" />
   <source>Worked examples that the prompt shows before it asks: the first of the training split, not learned from.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>Worse</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>Write [{1}] above its keys.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/soft_prompts.py" />
   <source>Write it in other words.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>Write last_turn = "{1}", or leave it out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>Write one, ask for a draft, or skip.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>Write one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Write the smaller factor as a product of thin matrices too.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>Write {1} where it should stand.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>Writes the change of a weight as a sum of waves, as an image format does with a picture, and trains the strengths of a few random frequencies. All waves cover the whole weight, so that few numbers change all of it. The frequencies are drawn again from their seed and not stored. Take it where an adapter must be very small. (Gao et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Writes the change of a weight as the Kronecker product of a small matrix and a low-rank one: a block pattern that is repeated all over the weight. Trains far fewer numbers than LoRA at the same rank. Take it where adapters must be small and yet change the weight at full rank. (Yeh et al. 2024)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>Writes the change of a weight as the entry-by-entry (Hadamard) product of two low-rank matrices: with as many trained numbers as a LoRA of twice the rank, the change's rank can reach the square of it. Take it where LoRA gets no better with more rank; its steps are slower. (Hyeon-Woo et al. 2022)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>Yardsticks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>You have used up your share of the disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>[date time] Name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/whatsapp.py" />
   <source>[date, time] Name: text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>`main.py adapters` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>`main.py arena list` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>`main.py arena show` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>`main.py methods` lists the methods that it does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>`main.py methods` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>`main.py runs` lists them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a PDF</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>a about after afterwards all also although an and another any anyone anything as at because before being both but by dinner each either even every everybody everyone everything few finally first food for from he her here his home how however i if in instead it its just last lastly later let lunch many maybe meanwhile more most my neither next no nobody none not nothing now of on once only or other others otherwise our payment people perhaps rent second several she since so some somebody someone something soon still than that the their them then there these they this those though today together tonight too traffic two under until up upon us we what when where whether which while who whoever whose why with without work yes yet you your</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>a bank account number (IBAN)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>a card number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>a chat without a name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>a chat's next conversation begins after a pause of {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a database</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a document of old Office</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>a finding</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a gz archive</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>a kind of personal data</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a list</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/statistics.py" />
   <source>a mean needs at least one value</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>a number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a parquet file</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>a phone number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a picture</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>a quotation mark inside a quoted cell is not doubled</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>a quotation mark that opens a cell is never closed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>a zip archive or a workbook</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>after attention</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>after feed-forward</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>an adapter of {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>an arrow file</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/personal.py" />
   <source>an e-mail address</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an fp4 base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an int8 base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an nf4 base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>an object</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>an unquantized base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>and learn from others.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>and the speaker as "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>and the speaker in "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/generate.py" />
   <source>and the {1} virtual tokens before them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another longest conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another longest summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another number of examples in the prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another number of references</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another split</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>another version of ROUGE</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>are changed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are changed at random places</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are reflected</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are rotated</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>are rotated and scaled</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>as a workbook it makes no sense ({1})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>as named</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>at least</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>at most</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>author, content and timestamp</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>bart, distilbart</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>base model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>base summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>base {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>before input</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>bfloat16 is not faster here</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>bitsandbytes does not work: {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>bitsandbytes works on {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>block {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>breaks off</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>by its name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>by its name and what stands in it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>can't allocate memory</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>changes must be a list of tables.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>chosen in the recipe</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>column {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>conversation: column "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>conversation: column "{1}", {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>conversation: the rows with the same "{1}", each a turn with "{2}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>data set</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checking/report.py" />
   <source>data.exclude leaves them out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>data.mask = ["{1}"] puts {2} in its place.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>data.mask masks them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/whatsapp.py" />
   <source>date, time - Name: text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/teams.py" />
   <source>deleted message</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>does not answer within {1} seconds</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>draw from the bank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>each chat is one conversation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/items.py" />
   <source>edited draft</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>example takes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>examples take</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>expected after</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>extra ==</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>free the device</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>from, date and text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>get a bounded change</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>get a sum of scaled random pairs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>get a trained block</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/lora.py" />
   <source>get a trained pair</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/scaling.py" />
   <source>get a trained scale for each output, or for each input where a feed-forward layer ends</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>get an adapter behind them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>get trained circulant blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>get trained pairs for each block</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>get trained scales</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>get trained waves</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>gpt2, distilgpt2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>half a character</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>has "{1}" where "{2}" is due</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds "{1}" twice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds "{1}", a link</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds "{1}", a path out of its folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds "{1}", which a password protects</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds another archive, "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>holds {1} files, at most {2} are unpacked</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>houlsby or pfeiffer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>id and start_from must be text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>in its first line {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>in the column "{1}" it holds a formula without a stored value</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>in the column "{1}" it holds the error {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>in {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>is not a known name on this network</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>is not known</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>is not taken</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it can't be taken for JSON: {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it ends before the column "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>it gives wrong numbers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it goes on behind the column "{1}": {2} cells for {3} columns</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it has another form</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>it has several columns "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>it holds bytes that no text has</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it holds several lists, "{1}" and "{2}", not one</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>it is cut short</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>it is larger than {1} MB</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it is no JSON: {1} at character {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>it is the rest of the broken row before it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>it is {1}, no object with names</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>it is {1}, whatever its name says</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>it learned on an int8 base, which rounds what it computes with, as no plain model does</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be a finite number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be a list</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be a number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be a table</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be a whole number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be at least {ge}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be at most {le}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be below {lt}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be like {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be more than {gt}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be true or false</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must be {expected}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>it must not be empty</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>it was not made then</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>its content makes no sense</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>its one row</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>its values are nested too deeply</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>january february march april may june july august september october november december</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>keys and values</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>last {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>line {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/encodings.py" />
   <source>line {1} has more than {2} characters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>lines {1} to {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>main.py resume {1} {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>media tag</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>media tags</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>merged range</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>merged ranges</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>method state:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>method.id is missing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>monday tuesday wednesday thursday friday saturday sunday</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>more than</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/naming.py" />
   <source>no examples</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/plain.py" />
   <source>no line names a speaker</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/soundness.py" />
   <source>no measurable difference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>no named speaker</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>none yet</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>not enough memory</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>not named</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/differences.py" />
   <source>not set</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>not timed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>of {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>one conversation, so no interval</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>other chat</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>other chats</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>other conversations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/lineup.py" />
   <source>other decoding</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>out of memory</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>pair from a bank</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>pair times strength</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>pairs in a grid</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/characters.py" />
   <source>private use</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>python3 packaging/dev.py setup</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/connection.py" />
   <source>refuses the connection ({1})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>relu, gelu or silu</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>repeated block</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/rouge.py" />
   <source>rouge_score {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>row is</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>row {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>rows are</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>scaled pair</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>scaled pairs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>selection is {1}, must be one of {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>sender, time and body</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank.py" />
   <source>share the ranks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>signal {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>size {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>slightly different</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>something else</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>stay whole, as their</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>stays whole, as its</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/prompts.py" />
   <source>summarize: {conversation}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>system line</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>system lines</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/capabilities.py" />
   <source>t5-small, t5-base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>than {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>the base model's summaries</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the column "{1}" has other rows than the first one</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the column "{1}" has {2} rows and "{3}" has {4}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/columnar.py" />
   <source>the column "{1}" holds bytes that are not UTF-8</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>the column "{1}" holds {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>the column "{1}" holds {2} characters, at most {3} are read</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>the file breaks off in it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>the header's length is impossible</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>the last block</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>the last {1} blocks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selection.py" />
   <source>the model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>the names of its {1} columns have {2} bytes, at most {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/requests.py" />
   <source>the playground</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices_probe.py" />
   <source>the processor</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>the row that begins in line {1} has more than {2} characters; a quotation mark may be left open there</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>the same</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>the shape of {1} is impossible</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/workbook.py" />
   <source>the sheet {1} has more than {2} rows</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>the summaries written with this prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>the tuned model's summaries</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>these are no scores</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>this card computes in bfloat16</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>this card does not compute in bfloat16</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>this computer's memory does not hold it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>this device computes in bfloat16</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/devices.py" />
   <source>this processor multiplies matrices faster in bfloat16</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>tomorrow yesterday</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>true or false</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/selective.py" />
   <source>tuple[SelectiveLayer, str]</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>turns as texts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>turns with "{1}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>twenty thirty forty fifty sixty seventy eighty ninety</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>two pairs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/delimited.py" />
   <source>unexpected end of data</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/archives.py" />
   <source>unpacks to far more than data of its size would</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>user, text and ts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/session.py" />
   <source>validation loss</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>value = {1}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>values that are nested too deeply</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/encodings.py" />
   <source>what begins as {1} is damaged</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>what begins as {1} is damaged or breaks off</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>what is no character: wrong bytes, or half of one</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>with double quantization</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>without a name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/faithfulness.py" />
   <source>zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/licences.py" />
   <source>{1}

The rest stands in {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>{1} % of {2} reach {3} tokens and are cut there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>{1} ({2}), time {3}, learns {4}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>{1} Adapters of nf4 and fp4 bases can be merged.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>{1} Forms of a word count as one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>{1} Letter by letter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1} Name one as data.{2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/cells.py" />
   <source>{1} Repair the row, or name other keys as data.columns.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>{1} The activations of a micro-batch take {2} of it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>{1} The base model's weights take {2} of it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/fit.py" />
   <source>{1} What {2} trains, with gradients and optimizer, takes {3} of it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} adapters are called "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} adapters begin with "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/soft_prompts.py" />
   <source>{1} adapters of this kind can't be used in this version.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} and {2} more</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>{1} answers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>{1} began with {2}, which changes the base model itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} begins a value of more than {2} characters</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/low_rank_more.py" />
   <source>{1} blocks a side do not divide rank {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/quantities.py" />
   <source>{1} bytes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/shortage.py" />
   <source>{1} bytes are needed, {2} are there</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} can't be copied into the library: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>{1} can't be emptied: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} can't be exported to {2}: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/events.py" />
   <source>{1} can't be kept: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>{1} can't be loaded: {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>{1} can't be looked into: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} can't be made: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>{1} can't be merged: the merged model would not write the same.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>{1} can't be merged: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} can't be moved to the trash: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} can't be put on {2}: {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} can't be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/chat_files.py" />
   <source>{1} can't be read: who wrote what is told by ids.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} can't be read: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} can't be taken out of the trash: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>{1} can't be the name of a {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} can't be unpacked: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/check_details.py" />
   <source>{1} can't be used: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>{1} can't be written to: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/events.py" />
   <source>{1} can't be written: the disk is full.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/storage.py" />
   <source>{1} can't be written: the disk took only part of it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} can't be written: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} can't be {2}: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>{1} can't go on with what {2} has gathered up to step {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>{1} cannot be deleted: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>{1} cannot be written: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} changed while it was read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/rules.py" />
   <source>{1} changes linear layers, and {2} keeps its weights in Conv1D layers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>{1} chats are</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>{1} conversations have more than {2} tokens and lose their end.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checkpoints.py" />
   <source>{1} does not belong to this run's recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} does not fit {2}: {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} does not fold into a plain model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} does not hold what its configuration says, first at {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/merge.py" />
   <source>{1} does not say which base model it was made for.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} does not work on {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>{1} does not work with checkpointed activations: they lose its part.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/base.py" />
   <source>{1} does not work with {2} models.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/smaller_plans.py" />
   <source>{1} examples</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/naming.py" />
   <source>{1} example{2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} exists already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>{1} free</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} goes on behind the end</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>{1} h {2} min</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} has another entry like {2} by now.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/text_folder.py" />
   <source>{1} has more than {2} bytes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} has more than {2} rows that can't be read, the first at {3}: {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/read_conversations.py" />
   <source>{1} has no conversations that can be tried.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/label_data.py" />
   <source>{1} has no conversations.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} has no entry "{2}".</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>{1} has no layer {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>{1} has no passport.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>{1} has no revision {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} has no {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/data.py" />
   <source>{1} has too few conversations: none is left for the {2} split.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/events.py" />
   <source>{1} has {2} bytes, at most {3} are allowed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} holds a link, {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} holds lists that are read as splits: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} holds neither a list nor an object</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} holds no adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>{1} holds no data files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>{1} holds no weights in the safetensors format.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} holds no {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} holds {2} adapters.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} in line {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checking/report.py" />
   <source>{1} in {2} of {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>{1} is</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/intake.py" />
   <source>{1} is a folder among other things.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>{1} is a link to {2}, and there is nothing to read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>{1} is a prompt: there are no weights to go on from.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>{1} is a {2} model, which can't write text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} is being changed elsewhere.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>{1} is completed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>{1} is damaged and is skipped.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} is damaged: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>{1} is empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>{1} is gated: its owner wants terms accepted first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub.py" />
   <source>{1} is made by a script, {2}, and scripts are not run: they can do anything here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} is missing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/library.py" />
   <source>{1} is neither a folder nor a zip of an adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>{1} is no job: {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/sources.py" />
   <source>{1} is no kind of file that can be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} is no labelling set.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/targets.py" />
   <source>{1} is no linear layer of {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/tuners/bottleneck.py" />
   <source>{1} is no linear layer, so no adapter can stand behind it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/base_models.py" />
   <source>{1} is no model that can be loaded: {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/encodings.py" />
   <source>{1} is not UTF-8 and is read as Windows-1252 (Latin-1): look at its accents and quotation marks, and save it as UTF-8 if they are wrong.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} is not as large as it says</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/options.py" />
   <source>{1} is not known.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} is open elsewhere.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/jobs.py" />
   <source>{1} is running already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>{1} is running.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/differences.py" />
   <source>{1} is {2} here and {3} in the arena.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/chat.py" />
   <source>{1} left out</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/plain.py" />
   <source>{1} lines are written "Name: text"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/plain.py" />
   <source>{1} lines are written "time Name: text"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/headed.py" />
   <source>{1} lines are written "{2}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/subtitles.py" />
   <source>{1} lines give times "from --&gt; to"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/exports.py" />
   <source>{1} messages with {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>{1} min {2} s</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/selective.py" />
   <source>{1} models have no biases to train.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checking/report.py" />
   <source>{1} more differ in the spaces around it only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>{1} more files are read with such a remark.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>{1} must be a table.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1} of "{2}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>{1} of the adapter is not on the disk as it was written.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>{1} of them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/findings.py" />
   <source>{1} of {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/hub_errors.py" />
   <source>{1} of {2} bytes came</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} of {2} changed since the passport was written.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/standings.py" />
   <source>{1} of {2} completed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/doctor.py" />
   <source>{1} of {2} free</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/passport.py" />
   <source>{1} of {2} has {3} characters, and at most {4} are read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>{1} of {2} of {3} {4} empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>{1} of {2} reference summaries hold no letter that ROUGE reads.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>{1} of {2} scored conversations are longer than {3} tokens and lose their end.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/recipe.py" />
   <source>{1} on {2} with {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>{1} or {2} work.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/checking/report.py" />
   <source>{1} places.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/train.py" />
   <source>{1} reference summaries have more than {2} tokens and are cut.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/reparameterized.py" />
   <source>{1} reflections can't start as pairs, and an odd one would change the base at once.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>{1} the longest conversation or summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>{1} the prompt, or lower the longest summary.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>{1} to {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} tokens</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} trained biases of the base model itself, which no run here does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>{1} training examples are too few to show {2} in the prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/runs.py" />
   <source>{1} trains nothing, so it can't go on from an adapter.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} tries to write outside its folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/foreign.py" />
   <source>{1} unpacks to {2} files of {3} MB, far more than an adapter of its size would.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/statistics.py" />
   <source>{1} values can't be paired with {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/table.py" />
   <source>{1} vanished while it was read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>{1} virtual tokens and up to {2} others are more than the {3} that this base</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/soft_prompts.py" />
   <source>{1} virtual tokens leave no room: this base model takes {2} tokens.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>{1} virtual tokens,</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/arenas.py" />
   <source>{1} was made by a later version of Tunesmith.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/labelling/sets.py" />
   <source>{1} was made by another version.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} was made for {2}, not for {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} was made with {2}, not {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/adapter_config.py" />
   <source>{1} was made with {2}, which Tunesmith does not use.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/evaluate.py" />
   <source>{1} was trained with another prompt than the recipe's.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/adapters.py" />
   <source>{1} was trained with another {2}: {3}, not {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/arena/naming.py" />
   <source>{1} with {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>{1} would fit.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>{1} {2} does not divide the widths of all adapted layers: {3}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/handling/fitting.py" />
   <source>{1} {2} is more than the narrowest adapted layer can have.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/changes.py" />
   <source>{1} {2} is {3}; it was {4}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/chats/tally.py" />
   <source>{1} {2} times have no dates.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/prompting.py" />
   <source>{1} {2} {3} tokens. With {4}the longest conversation and its summary that is {5}, and the base model reads {6}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/measures.py" />
   <source>{1}, no stemmer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>{1}, on {2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/readers/json_files.py" />
   <source>{1}, which begins in {2}, is damaged: {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/words.py" />
   <source>{1}. ROUGE-1 {2} by {3} points</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/mapping.py" />
   <source>{1}.{2} is empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>{1}: the disk is full.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/supervisor.py" />
   <source>{1}: the disk is read-only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/lengths.py" />
   <source>{1}: token lengths are estimated, {2} characters a token.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/reading.py" />
   <source>{1}: {2}, left out as data.broken_rows says.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; its lists are turns, with the speakers in column "{2}"</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; its lists are {2}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; no column looks like the summary</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/__main__.py" />
   <source>{1}; resume goes on from the last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; splits: column "{2}", {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; summary: column "{2}", {3}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; summary: the last turn, as named</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}; summary: the last turn, as no column looks like the summary and each conversation is one text with a shorter answer to it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/shapes/guessing.py" />
   <source>{1}Name the one with the text as data.{2}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/worker/room.py" />
   <source>{1}model takes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../engine/methods/additive.py" />
   <source>· pfeiffer</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
