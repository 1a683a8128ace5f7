using Puna.Engine.Text;

namespace Puna.Engine.Plan;

/// <summary>
/// The facts of a LLaMA-family model as its file states them, in one spelling whatever the file. The layer plan is
/// built from it; no other code asks which family a model is of.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Name of the family, for messages and for writing files: llama, mistral, qwen2, qwen3, smollm3, granite, hyperclovax.</summary>
    public required string Family { get; init; }

    /// <summary>Hidden width d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>MLP width f.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Layers L.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads H.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads Hk.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Head width dh.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Vocabulary V: rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest context the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon of every RMSNorm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>The output matrix is the embedding.</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>Rotary embedding.</summary>
    public RopeConfig Rope { get; init; } = new();

    /// <summary>Layers that do not rotate (SmolLM3's NoPE layers), in ascending order.</summary>
    public IReadOnlyList<int> LayersWithoutRope { get; init; } = [];

    /// <summary>Sliding window of every windowed layer; 0 = none.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>Layers that have the window; null means all when <see cref="SlidingWindow"/> is not 0.</summary>
    public IReadOnlyList<int>? WindowedLayers { get; init; }

    /// <summary>Per-head RMSNorm of queries and keys before rotation (Qwen3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Bias on the query, key and value projections.</summary>
    public bool AttentionInputBias { get; init; }

    /// <summary>Bias on the attention output projection.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Bias on the three MLP projections.</summary>
    public bool MlpBias { get; init; }

    /// <summary>A norm after attention and after the MLP, before the residual sum (HyperCLOVA X).</summary>
    public bool PostNorm { get; init; }

    /// <summary>Multiplies the embedding.</summary>
    public float EmbeddingMultiplier { get; init; } = 1;

    /// <summary>Multiplies q . k; null means 1 / sqrt(HeadDim).</summary>
    public float? AttentionMultiplier { get; init; }

    /// <summary>Multiplies each branch before it is added to the residual.</summary>
    public float ResidualMultiplier { get; init; } = 1;

    /// <summary>Multiplies the logits (Granite's logits_scaling divides: store its inverse).</summary>
    public float LogitsMultiplier { get; init; } = 1;

    /// <summary>Token that starts a sequence, when the file names one.</summary>
    public int? BosId { get; init; }

    /// <summary>Tokens that end a sequence.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];
}
