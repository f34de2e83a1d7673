"""The glossary: terms that no option, method or score declares."""

from __future__ import annotations

from dataclasses import dataclass

from gui.look.language import mark


@dataclass(frozen=True)
class Term:
    """A term, its meaning, its drawing, further search terms, and pairs of name and text, as far as there are any."""

    title: str
    text: str
    drawing: str = ""
    others: str = ""
    facts: tuple[tuple[str, str], ...] = ()


WORDS = (
    Term(
        mark("How it works"),
        mark(
            "A base model already knows language. Tunesmith freezes its weights and trains a small number "
            "of added parameters on conversations and the summaries that people wrote of them. Base and "
            "tuned model then summarise the same test conversations, so that you see the gain."
        ),
        "adapter",
        mark("start begin fine-tuning PEFT"),
    ),
    Term(
        mark("Base model"),
        mark("The model before training. Its own parameters do not change: they are frozen."),
        "adapter",
    ),
    Term(
        mark("GGUF file as base model"),
        mark(
            "A file model.gguf of LM Studio, Ollama or llama.cpp can be a base model: choose it beside Base model, "
            "drop it on the window, or name it as base_model.id. It is unpacked once, into an ordinary model folder "
            "in the cache, and the plan says first how large that gets. Weights that the file holds in few bits, "
            "such as Q4_K, are unpacked to float16: they take more memory and get no more exact. Where you have the "
            "choice, train on the original model, or a file in F16, BF16 or Q8_0. Llama, Mistral, SmolLM, Qwen 2 and "
            "3, Gemma 2 and 3, Phi 3, LFM 2, StarCoder 2 and Bloom are read; what would come out as another model is "
            "refused. The unpacked folder serves when the file is gone, and is deleted in the list of base models. "
            "It needs pip install 'tunesmith[gguf]'."
        ),
        "",
        mark("GGUF LM Studio Ollama llama.cpp quantized Q4 dequantize convert base model"),
    ),
    Term(
        mark("Adapter"),
        mark(
            "The result of training: a small folder of weights that is used together with its base model. "
            "With the adapter switched off, the base model is unchanged."
        ),
        "adapter",
    ),
    Term(
        mark("Recipe"),
        mark("All settings of a run. You can open, change and start a recipe, and save it as a file."),
    ),
    Term(
        mark("Run"),
        mark("One execution of a recipe, in a process of its own. It can continue after the window closes."),
    ),
    Term(
        mark("Step"), mark("One optimizer update of the trained parameters, from the examples of one batch.")
    ),
    Term(
        mark("Loss"),
        mark(
            "How badly the model predicts the reference summaries, token by token. The loss falls while the "
            "model learns. If the validation loss rises again, the model is overfitting: it memorises the "
            "examples."
        ),
        "loss",
        mark("overfitting validation"),
    ),
    Term(
        mark("Verdict"),
        mark(
            "Base and tuned model summarise the same test conversations, and the two scores of each "
            "conversation are compared. The verdict is Better or Worse only if the interval of the "
            "difference excludes zero. On fewer than 30 conversations it says so, on fewer than 10 there is none."
        ),
        "verdict",
        mark("better worse no measurable difference significance"),
    ),
    Term(
        mark("Forgetting"),
        mark(
            "Training for one task can cost a model other abilities. The loss on a general text, which has nothing "
            "to do with the conversations, is measured before and after, in nats per token, and paired passage by "
            "passage. A rise of 0.1 nats makes each token about 10 % less likely. The text is bundled, and the "
            "recipe can name a file of yours."
        ),
        "loss",
        mark("catastrophic forgetting general text loss nats perplexity"),
    ),
    Term(
        mark("Interval"),
        mark(
            "The 95 % bootstrap interval: about where the score would lie in 95 of 100 repetitions with "
            "other test conversations of the same kind. A score without an interval says little: with few "
            "conversations, chance alone moves it by points."
        ),
        "verdict",
        mark("bootstrap confidence"),
    ),
    Term(
        mark("Seeds"),
        mark(
            "A seed decides the first weights of an adapter, the order of the examples and the dropout. With another "
            "seed, the same recipe ends with another score, often by as much as two methods differ. An arena can "
            "train each method with several seeds: Seeds in its form, --seeds on the command line. The table has "
            "their mean and their spread, the standard deviation of the seeds' means. The interval is over seeds and "
            "conversations together: about where the score would lie with other seeds and other conversations of the "
            "same kind. Two seeds leave it wide, as they say little of a third. Three are a good start, five are "
            "better, and more narrow it slowly. Seeds can be added to an arena later: an entry that is there counts "
            "as the first. Methods without training have no seeds."
        ),
        "verdict",
        mark(
            "seed random luck chance spread variance repetition runs standard deviation hierarchical bootstrap"
        ),
    ),
    Term(
        mark("Resume"),
        mark(
            "A stopped or crashed run goes on from its last checkpoint. On a processor it ends equal to the bit to a "
            "run that was never interrupted, with the same libraries and threads. On a graphics card it does so with "
            "deterministic algorithms (training.deterministic), on a card of the same kind and with the same "
            "libraries."
        ),
        others=mark("checkpoint continue exact deterministic reproducible interrupted bit"),
    ),
    Term(
        mark("Graphics card"),
        mark(
            "A run, its plan and its summaries compute on one device. auto takes the graphics card with most "
            "free memory that is not busy, else the processor; cuda:1 is the second card, as nvidia-smi "
            "numbers them. If the environment variable CUDA_VISIBLE_DEVICES lists cards, only those are used, "
            "and numbers count them. A worker sees its card alone, and with cpu none, so that it takes no "
            "memory of another. If a card fails during a run, resume continues from the last checkpoint. "
            "Cards of AMD, Intel and Apple compute with the libraries' own code. LoRA trains faster on a card of "
            "NVIDIA or AMD with the kernels of Liger Kernel: pip install 'tunesmith[liger]', on Linux."
        ),
        others=mark(
            "GPU CUDA NVIDIA AMD ROCm Intel xpu Apple mps device driver nvidia-smi Liger Triton kernels"
        ),
    ),
    Term(
        mark("More than one card or computer"),
        mark(
            "From one card to a cluster: what each way needs, and what it gives. Whatever computes, a run has one "
            "folder, one history and one result."
        ),
        others=mark(
            "multi GPU torchrun accelerate FSDP distributed Ray SSH SLURM sbatch cluster remote server node"
        ),
        facts=(
            (
                mark("One card"),
                mark("Nothing to set up. A run that does not fit is offered fallbacks, such as four bits."),
            ),
            (
                mark("Several cards"),
                mark(
                    "The device All cards starts a process on each. Together they compute every step: the result is "
                    "that of one process but for the last digits. main.py plan RECIPE.toml --processes 4 tells the "
                    "memory of each."
                ),
            ),
            (
                mark("Your own launcher"),
                mark(
                    "torchrun --nproc-per-node 4 main.py train RECIPE.toml starts four processes too, and so does "
                    "accelerate launch. Tunesmith sends nothing over a network then either. But torchrun opens a port"
                    " of its own to every network, without a password, and whoever reaches it may run programs as "
                    "you: use it behind a firewall."
                ),
            ),
            (
                mark("Cards of several computers"),
                mark(
                    "The run's folder has to be on a file system that all of them share: there the processes find the "
                    "conversations. Weights and gradients they send each other as torch does: in clear and without a "
                    "password. Whoever is in that network can read them, and change them. So Tunesmith refuses, until "
                    "the environment variable GLOO_SOCKET_IFNAME names the interface of a network without strangers, "
                    "such as ib0, and then opens its ports there alone. main.py train RECIPE.toml --slurm --nodes 2 "
                    "asks for it too."
                ),
            ),
            (
                mark("A base model that fits no card"),
                mark(
                    "The option Shard the base model, or an accelerate configuration with FSDP, shares it out: each "
                    "card holds a part of every block, and gets the rest for the moment in which it is computed. The "
                    "result is the same. "
                    "It goes with nf4 and fp4, and with every method but full fine-tuning: what is trained is whole "
                    "on every card, and the adapter is an ordinary one. Each process loads the base model into the "
                    "computer's own memory first. main.py plan RECIPE.toml --processes 4 --shard tells what a card "
                    "needs."
                ),
            ),
            (
                mark("Another computer"),
                mark(
                    "It needs Tunesmith with Ray: pip install 'tunesmith[cluster]', then tunesmith node start. Add it"
                    " on the page Computers, by SSH with a key or an agent, or by its address. Then choose it beside "
                    "Start, or give --on NAME on the command line; if it has several cards, a run can take more than "
                    "one of them. What is sent is said first. The run goes on when this computer is shut, and its "
                    "adapter, scores and log come back. Conversations are then deleted there; base models stay for "
                    "the next run, until Free space on the page Computers, or main.py computers clear NAME."
                ),
            ),
            (
                mark("SLURM"),
                mark(
                    "main.py train RECIPE.toml --slurm --cards 4 makes the run and a script for sbatch. When its time"
                    " is up it saves a checkpoint and waits for its next turn. The nodes have to see the run's "
                    "folder, the data and the base model under the same paths."
                ),
            ),
            (
                mark("A cluster of your own"),
                mark(
                    "tunesmith node join ADDRESS makes each further computer a node of the first. Entries of an arena"
                    " sent there with main.py arena run ARENA --on NAME are trained side by side, a card each, or "
                    "with --cards 2 on two cards of one node; if a node fails, its entry goes on elsewhere. If the "
                    "first computer fails, start it again: what was sent goes on from its last checkpoint as soon as "
                    "it is asked, on the page Computers or by resume. Nothing is started in a cloud."
                ),
            ),
        ),
    ),
    Term(
        mark("Blind comparison"),
        mark(
            "A person reads a conversation and two summaries without names and chooses the better one. The "
            "figure of a system is the probability that its summary is preferred to that of another system "
            "(Bradley–Terry), with a 95 % interval over conversations. A tie counts as half. Decide on "
            "the number of pairs beforehand: who stops as soon as a difference shows finds too many. The votes of "
            "several people can be counted together, and exported as preference pairs for training."
        ),
        "verdict",
        mark("vote preference human evaluation Bradley-Terry DPO prompt chosen rejected"),
    ),
    Term(
        mark("Summaries from elsewhere"),
        mark(
            "What a cloud model, a colleague or an older adapter wrote can be scored like an adapter: on the Arena "
            "page by Add entries and Add summaries from a file, on the command line by main.py score. The file is a "
            "table (jsonl, csv, xlsx, parquet) with a column prediction and a column id, or a text with one summary a "
            "line. Rows are matched by id, or by their order without ids; rows that match no conversation are named. "
            "A file with a summary of some conversations only is scored on these, in a table of its own. An empty "
            "summary scores 0."
        ),
        "verdict",
        mark("external predictions file import GPT cloud colleague score against"),
    ),
    Term(
        "NF4",
        mark(
            "Four bits for each weight of the base model: sixteen values, which lie closer together near "
            "zero, where most weights are. Each block of weights has a scale of its own. The base model "
            "takes about a quarter of its memory in bfloat16. The adapter keeps its full precision: that is "
            "QLoRA."
        ),
        "nf4",
        mark("4-bit bitsandbytes quantization QLoRA"),
    ),
    Term(
        "FP4",
        mark(
            "Four bits for each weight as a tiny floating-point number. The same memory as NF4; its values fit "
            "the weights of language models less well."
        ),
        "fp4",
        mark("4-bit bitsandbytes quantization"),
    ),
    Term(
        "int8",
        mark(
            "Eight bits for each weight, half the memory of bfloat16. On a graphics card, columns with very large "
            "values are computed in 16 bits. Which ones depends on the whole batch, so a summary can differ in "
            "another batch."
        ),
        "int8",
        mark("8-bit bitsandbytes quantization"),
    ),
    Term(
        mark("Token"),
        mark(
            "The unit that models read and write: a word or a part of one. An English word takes about 1.3 "
            "tokens."
        ),
        "tokens",
    ),
    Term(
        mark("Chat format"),
        mark(
            "How an instruct model expects a question: as one turn of a chat, between tokens that mark where "
            "turns begin and end. The model's chat template says which. Models answer worse in another form, so a "
            "base model is scored with a plain prompt and in its chat format, and compared in the better one."
        ),
        "",
        mark("chat template instruct prompt format turns"),
    ),
    Term(
        mark("Languages of summaries"),
        mark(
            "ROUGE compares words. In English they are those of rouge_score, a to z and 0 to 9; in other languages "
            "letters of any script, and in scripts without spaces each character is a word. The language is told "
            "from each conversation and its summary, or set as Language. chrF compares sequences of characters, so "
            "it reads every language alike. Letters that are composed or not, wide or narrow, are the same. Names, "
            "numbers, days and months that are not in the conversation are looked for. Numbers in words are read in "
            "English only; the result says where days and months or names were left out."
        ),
        "",
        mark("language Unicode ROUGE chrF stemmer script umlaut"),
    ),
    Term(
        mark("Exports for other programs"),
        mark(
            "The library exports an adapter as it is, or merged with its base model as a plain model, for CTranslate2, "
            "for llama.cpp and LM Studio, or for Ollama. Each is then tried on test conversations, a GGUF file in "
            "llama.cpp's own llama-server where it is on this computer. Same means that ROUGE-1 is "
            "at most 3 points lower, as far as the interval tells. Where Ollama runs on this computer, it gets the "
            "model and is tried itself; it keeps none that is worse. Four bits are offered where llama-quantize is "
            "on this computer. ONNX and OpenVINO are not among them: "
            "their converters, optimum-onnx 0.1 and optimum-intel 2.2, need older versions of transformers than "
            "Tunesmith. Export a plain model instead, and convert its folder with them in a Python environment of its "
            "own. They may leave "
            "the tokenizer out; its files are those of the plain model. A plain model can also be sent to the hub, on "
            "the command line by --to hub --model FOLDER."
        ),
        "",
        mark("export merge ONNX OpenVINO Optimum CTranslate2 GGUF Ollama llama.cpp"),
    ),
    Term(
        mark("Passing an adapter on"),
        mark(
            "Export in the library sends an adapter to the Hugging Face Hub, and so does the command line: main.py "
            "adapters export ADAPTER OWNER/NAME --to hub. Both want hf auth login once. The window shows all that goes "
            "before it sends anything; --dry-run shows it and sends nothing. The model card has the base model, the "
            "data by name and fingerprint, method, settings, scores with intervals, code for plain PEFT, and what "
            "follows from the licences of base model and data. The repository is private unless you choose Public "
            "(--public). No conversation is sent, but for those in the prompt if you allow it (--with-conversations). "
            "Instead of the adapter, the plain model that it was exported to can be sent (--model FOLDER)."
        ),
        "adapter",
        mark("export publish share upload Hugging Face Hub model card repository licence"),
    ),
    Term(
        mark("Soft prompt"),
        mark(
            "Trained vectors that are put before the text, where words would be. Prompt tuning, prefix "
            "tuning and P-tuning train them."
        ),
        "vectors",
    ),
)
