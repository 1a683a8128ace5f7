namespace Puna.Engine.Plan;

/// <summary>
/// One tensor that a plan owns. Whoever needs the tensors of a model (loader, writers, creator, cost, checks) enumerates
/// <see cref="LayerPlan.Parameters()"/> and spells no list of its own.
/// </summary>
/// <param name="Module">What it belongs to, in Hugging Face's spelling: <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="Kind">What it is; a bias shares the module of its matrix.</param>
/// <param name="Rows">Rows of a matrix (output features), or the length of a vector.</param>
/// <param name="Columns">Columns of a matrix (input features), or 0 for a vector.</param>
public sealed record ParameterSpec(string Module, ParameterKind Kind, int Rows, int Columns = 0)
{
    /// <summary>Name of the tensor: the module's with <c>.weight</c> or <c>.bias</c>.</summary>
    public string Name => Kind == ParameterKind.Bias ? Module + ".bias" : Module + ".weight";

    /// <summary>True for a matrix, false for a norm or bias.</summary>
    public bool IsMatrix => Columns > 0;

    /// <summary>The shape, slowest dimension first.</summary>
    public long[] Shape => IsMatrix ? [Rows, Columns] : [Rows];

    /// <summary>Number of elements.</summary>
    public long Elements => (long)Rows * Math.Max(1, Columns);
}
