namespace Puna.Engine.Plan;

/// <summary>One layer of a plan: what it does to the residual stream, in order.</summary>
/// <param name="Index">Number of the layer, from 0.</param>
/// <param name="Steps">Its steps: in LLaMA attention, then the MLP.</param>
public sealed record LayerSpec(int Index, IReadOnlyList<LayerStep> Steps)
{
    /// <summary>All branches of the layer.</summary>
    internal IEnumerable<BranchSpec> Branches => Steps.SelectMany(step => step.Branches);

    /// <summary>The attention branch of the layer; null when it has none.</summary>
    public AttentionSpec? Attention => Branches.OfType<AttentionSpec>().FirstOrDefault();
}
