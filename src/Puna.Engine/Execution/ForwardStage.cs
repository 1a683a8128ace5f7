namespace Puna.Engine.Execution;

/// <summary>What a forward pass spends its time on.</summary>
internal enum ForwardStage
{
    /// <summary>Rows of the embedding, slots in the cache.</summary>
    Embedding,

    /// <summary>RMSNorm and rounding of its result to int8.</summary>
    Norm,

    /// <summary>Products with W_q, W_k, W_v.</summary>
    QueryKeyValue,

    /// <summary>Norms of heads and rotation of queries and keys.</summary>
    Rotary,

    /// <summary>Storing keys and values in their pages.</summary>
    CacheWrite,

    /// <summary>Attention over the pages.</summary>
    Attention,

    /// <summary>Rounding of attention's result and product with W_o.</summary>
    AttentionOutput,

    /// <summary>Products with W_gate, W_up.</summary>
    GateUp,

    /// <summary>silu(gate) * up and rounding of its result.</summary>
    Activation,

    /// <summary>Product with W_down.</summary>
    Down,

    /// <summary>Adding a branch to the residual stream.</summary>
    Residual,

    /// <summary>Final norm and product with the head.</summary>
    Head,
}
