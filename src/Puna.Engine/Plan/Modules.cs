namespace Puna.Engine.Plan;

/// <summary>Names of the modules that hold parameters, in Hugging Face's spelling; those of a layer without its prefix.</summary>
internal static class Modules
{
    /// <summary>Rows that are looked up by id, [V, d].</summary>
    public const string Embedding = "model.embed_tokens";

    /// <summary>Norm before the output matrix, [d].</summary>
    public const string FinalNorm = "model.norm";

    /// <summary>Output matrix [V, d]; absent when the embedding is tied.</summary>
    public const string Head = "lm_head";

    /// <summary>W_q.</summary>
    public const string Query = "self_attn.q_proj";

    /// <summary>W_k.</summary>
    public const string Key = "self_attn.k_proj";

    /// <summary>W_v.</summary>
    public const string Value = "self_attn.v_proj";

    /// <summary>W_o.</summary>
    public const string AttentionOutput = "self_attn.o_proj";

    /// <summary>Norm of each query head.</summary>
    public const string QueryNorm = "self_attn.q_norm";

    /// <summary>Norm of each key head.</summary>
    public const string KeyNorm = "self_attn.k_norm";

    /// <summary>Norm before attention.</summary>
    public const string AttentionNorm = "input_layernorm";

    /// <summary>Norm of attention's result.</summary>
    public const string AttentionPostNorm = "post_norm1";

    /// <summary>Norm before the MLP.</summary>
    public const string MlpNorm = "post_attention_layernorm";

    /// <summary>Norm of the MLP's result.</summary>
    public const string MlpPostNorm = "post_norm2";

    /// <summary>W_gate.</summary>
    public const string Gate = "mlp.gate_proj";

    /// <summary>W_up.</summary>
    public const string Up = "mlp.up_proj";

    /// <summary>W_down.</summary>
    public const string Down = "mlp.down_proj";

    /// <summary>The full name of a layer's module.</summary>
    public static string OfLayer(int layer, string module) => $"model.layers.{layer}.{module}";
}
