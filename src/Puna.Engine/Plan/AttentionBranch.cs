namespace Puna.Engine.Plan;

/// <summary>One attention branch of a layer: its own queries over a bank of keys and values.</summary>
public sealed record AttentionBranch
{
    /// <summary>The bank it reads; it owns W_k and W_v only when it is that bank's producer.</summary>
    public required int Bank { get; init; }

    /// <summary>Query heads H.</summary>
    public required int Heads { get; init; }

    /// <summary>Head width dh.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Which keys a query sees.</summary>
    public required AttentionMask Mask { get; init; }

    /// <summary>Multiplies q . k.</summary>
    public required float Scale { get; init; }

    /// <summary>Queries and keys are rotated by their position.</summary>
    public required bool Rotary { get; init; }

    /// <summary>RMSNorm of each query and key head before rotation.</summary>
    public required bool QueryKeyNorm { get; init; }

    /// <summary>Bias on q, k and v.</summary>
    public required bool InputBias { get; init; }

    /// <summary>Bias on the output projection.</summary>
    public required bool OutputBias { get; init; }
}
