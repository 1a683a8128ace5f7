using Puna.Engine.Cache;
using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>
/// Which fixed states belong to which branch of a plan, numbered as caches number them (<see cref="KvCacheShape.States"/>):
/// layer by layer, in the order in which the plan lists the branches, whatever the order of their compilation.
/// </summary>
internal sealed class BranchStates
{
    private readonly List<(int Layer, BranchSpec Branch, BranchState[] States)> _open = [];

    /// <summary>Numbers the states of a plan.</summary>
    public BranchStates(LayerPlan plan)
    {
        var number = 0;
        foreach (var layer in plan.Layers)
        {
            var scope = new PlanScope(plan, layer.Index);
            foreach (var branch in layer.Branches)
            {
                BranchState[] states =
                [
                    .. branch
                        .States(scope)
                        .OfType<FixedState>()
                        .Select(state => new BranchState(number++, state.Floats)),
                ];
                if (states.Length > 0)
                {
                    _open.Add((layer.Index, branch, states));
                }
            }
        }
    }

    /// <summary>The states of a branch that is being compiled; a branch that stands twice in a layer has its own each time.</summary>
    public IReadOnlyList<BranchState> Take(PlanScope scope, BranchSpec branch)
    {
        var index = _open.FindIndex(entry =>
            entry.Layer == scope.Layer && ReferenceEquals(entry.Branch, branch)
        );
        if (index < 0)
        {
            return branch.States(scope).OfType<FixedState>().Any()
                ? throw new InvalidOperationException(
                    $"The branch '{branch.Kind}' of layer {scope.Layer} is compiled more often than the plan lists it: a branch that is made of others names them as its inner ones."
                )
                : [];
        }

        var states = _open[index].States;
        _open.RemoveAt(index);
        return states;
    }
}
