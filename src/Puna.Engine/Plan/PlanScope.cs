namespace Puna.Engine.Plan;

/// <summary>Where in a plan a step or branch stands: what it may ask when it lists its parameters, states and costs.</summary>
/// <param name="Plan">The whole plan.</param>
/// <param name="Layer">Index of the layer.</param>
public readonly record struct PlanScope(LayerPlan Plan, int Layer)
{
    /// <summary>The facts shared by all layers.</summary>
    public ModelConfig Config => Plan.Config;

    /// <summary>True when the layer fills the bank, and so owns W_k and W_v.</summary>
    public bool Makes(int bank) => Plan.Banks[bank].Producer == Layer;

    /// <summary>A matrix of this layer and, where asked, its bias.</summary>
    public IEnumerable<ParameterSpec> Linear(string module, int rows, int columns, bool bias)
    {
        var name = Modules.OfLayer(Layer, module);
        yield return new ParameterSpec(name, ParameterKind.Matrix, rows, columns);
        if (bias)
        {
            yield return new ParameterSpec(name, ParameterKind.Bias, rows);
        }
    }

    /// <summary>A norm of this layer.</summary>
    public ParameterSpec Norm(string module, int length) =>
        new(Modules.OfLayer(Layer, module), ParameterKind.Norm, length);

    /// <summary>Refuses the plan unless the condition holds.</summary>
    /// <exception cref="InputException">It does not; the sentence begins with the layer.</exception>
    public void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InputException($"Layer {Layer} of the plan {sentence}");
        }
    }
}
