using Puna.Engine.Cache;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Plan;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;

namespace Puna.Engine.Runtime;

/// <summary>How a model is run.</summary>
public sealed record InferenceOptions
{
    /// <summary>Threads of the fixed pool.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Arithmetic of the products with block-coded weights.</summary>
    public ActivationFormat Activations { get; init; } = ActivationFormat.Int8;

    /// <summary>How keys are cached.</summary>
    public KvSlotFormat KeyFormat { get; init; } = KvPageFormats.F16;

    /// <summary>How values are cached.</summary>
    public KvSlotFormat ValueFormat { get; init; } = KvPageFormats.F16;

    /// <summary>What becomes of keys and values beyond storing them; null = nothing.</summary>
    internal KvPolicyChain? Policies { get; init; }

    /// <summary>Most native bytes that the cache may take; null = what the system has.</summary>
    public long? KvMemoryLimit { get; init; }

    /// <summary>Longest sequence; null means the model's own.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Most rows of one forward pass: prompts are read in chunks of this many tokens.</summary>
    public int MaximumRows { get; init; } = 512;

    /// <summary>A tokenizer file that replaces the model's own; null = the model's own.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>A chat template (Jinja) that replaces the tokenizer's own; null = its own.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Makes the plan to run from the one that the file states; null = that plan.</summary>
    public Func<LayerPlan, LayerPlan>? Plan { get; init; }

    /// <summary>Who turns the steps and branches of the plan into operations.</summary>
    internal Compilers Compilers { get; init; } = Compilers.BuiltIn;
}
