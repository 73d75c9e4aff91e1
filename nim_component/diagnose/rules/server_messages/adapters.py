"""Patterns of errors about LoRA adapters."""

from ..patterns import MessagePattern, any_of

ADAPTER_PATTERNS = (
    MessagePattern(
        "adapter-unsupported",
        any_of(
            r"does not (?:yet )?support (?:DoRA|LoRA bias|QALoRA|Activated LoRA|layer_replication|block-diagonal LoRA|init_lora_weights)",
            r"only supports modules_to_save being|Unsupported modules_to_save|Adapter bias (?:cannot be used|is not supported)",
            r"(?:[Uu]nsupported|not supported).{0,60}\b(?:peft_type|DoRA|IA3|IA\^3|LoHa|LoKr|PREFIX_TUNING|PROMPT_TUNING|P_TUNING)\b",
            r"\b(?:peft_type|DoRA|IA3|IA\^3|LoHa|LoKr)\b.{0,60}(?:unsupported|not supported)",
            r"(?:is|are) unsupported LoRA weight|Only one full classification module is supported per adapter",
            r"Missing required configuration fields: .{0,120}'(?:r|lora_alpha|target_modules)'",
            r"have different LoRA ranks for the same projection|Only fused 3D",
        ),
        "The server does not support the kind of an adapter (such as DoRA, IA3, modules_to_save or a bias)",
        "Remove the adapter from hf_repo_ids, or train it again as plain LoRA.",
        sentences=(
            r"vLLM does not yet support DoRA\.",
            r"vLLM only supports modules_to_save being (?:None\.|either None .{1,300})",
            r"Adapter bias (?:cannot be used without bias_enabled|is not supported)\.",
            r"vLLM does not support (?:LoRA bias|Activated LoRA|layer_replication|block-diagonal LoRA|QALoRA|init_lora_weights=).{0,500}",
            r"Missing required configuration fields: \{.{1,120}\}",
        ),
    ),
    MessagePattern(
        "adapter-rank",
        r"LoRA rank (?P<rank>\d+) is greater than max_lora_rank (?P<limit>\d+)",
        "An adapter's rank {rank} is above the server's limit {limit}",
        "Raise lora.max_rank to {rank} or the next supported rank, or remove the adapter.",
        sentences=(r"LoRA rank (?P<rank>\d+) is greater than max_lora_rank (?P<limit>\d+)\.",),
    ),
    MessagePattern(
        "adapter-rank",
        r"Invalid low_rank \((?P<low>\d+)\)|with rank (?P<rank>\d+) is incompatible with the current LoRA memory pool|rank "
        r"\(?(?P<value>\d+)\)?.{0,60}(?:exceeds"
        r"|greater than|larger than).{0,40}(?:max.{0,6}rank)",
        "An adapter's rank is above the server's limit",
        "Raise lora.max_rank to the rank of the adapter, or remove the adapter.",
        sentences=(
            r"LoRA adapter \S+ with rank (?P<rank>\d+) is incompatible with the current LoRA memory pool "
            r"configuration\..{1,400}",
        ),
    ),
    MessagePattern(
        "adapter-slots",
        any_of(
            r"Number of requested (?:LoRAs|models) \(\d+\) is greater than the number of GPU (?:LoRA|model) slots",
            r"No free (?:lora|adapter) slots|No available buffer slots found|number of LoRA paths should not exceed",
            r"max_cpu_loras \(\d+\) must be >= max_loras",
        ),
        "The server has fewer slots for adapters than adapters are requested",
        "Raise lora.max_gpu (and lora.max_cpu, which must not be lower).",
        sentences=(
            r"Number of requested LoRAs \(\d+\) is greater than the number of GPU LoRA slots \(\d+\)\.",
            r"max_cpu_loras \(\d+\) must be >= max_loras \(\d+\)\.?",
        ),
    ),
    MessagePattern(
        "adapter-mismatch",
        any_of(
            r"expected target modules in .{1,300} but received",
            r"LoRA size.{0,60}must be consistent with the base model|vocab_size.{0,40}must be consistent",
            r"contains target modules .{1,300} not included in the specified --lora-target-modules",
            r"LoRA buffer shape .{1,80} does not match weight shape|size mismatch.{0,80}lora_",
            r"LoRA added vocab size \d+ is greater than|is not a (?:valid )?LoRA (?:of|for) (?:the )?base model",
            r"Cannot find target module name for",
        ),
        "An adapter was trained for another base model",
        "Remove the adapter from hf_repo_ids, or use the image of its base model.",
        sentences=(
            r"While loading \S+, expected target modules in .{1,700} but received .{1,700}\. Please verify that the loaded LoRA "
            r"module is correct",
        ),
    ),
    MessagePattern(
        "adapter-files",
        any_of(
            r"No adapter found for|LoRAAdapterNotFoundError|Cannot find adapter config file|adapter_config\.json.{0,120}(?:not "
            r"found|No such file|missing)",
            r"No such file or directory: '[^']{1,300}adapter_(?:config\.json|model\.\w+)'|doesn't contain tensors|Can't find "
            r"'adapter_config\.json'",
            r"No adapter_(?:config|model)\S* found",
        ),
        "The directory of an adapter lacks files",
        "Correct hf_repo_ids.repo_id or hf_repo_ids.files, or the files in the volume of lora.volume.existing_claim.",
        sentences=(r"Loading lora \S+ failed: No adapter found for \S+", r"\S+ doesn't contain tensors"),
    ),
    MessagePattern(
        "lora-unsupported",
        r"LoRA is not supported|does(?: not|n't) support LoRA|is not supported for LoRA|No supported LoRA modules found|No "
        r"corresponding LoRA layer supported",
        "The selected profile or model does not support LoRA adapters",
        "Set model_profile to a -feat_lora profile, or remove hf_repo_ids.",
        sentences=(
            r"\w+ does not support LoRA yet\.",
            r"Model .{1,160} is not supported for LoRA\.",
            r"No supported LoRA modules found in \w+\.",
        ),
    ),
)
