using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Models;

/// <summary>Holds the tensors of a file against those that a plan owns.</summary>
internal static class RequiredTensors
{
    /// <summary>
    /// Checks that every tensor is there with its shape, and that there is none that the model would not use: an
    /// unknown tensor means a computation that we would leave out.
    /// </summary>
    /// <exception cref="InputException">Something is missing, misshapen or unknown.</exception>
    public static void Check(
        string path,
        LayerPlan plan,
        IReadOnlyList<StoredTensor> tensors,
        Func<string, bool> mayIgnore
    )
    {
        var left = new Dictionary<string, StoredTensor>(tensors.Count, StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!left.TryAdd(tensor.Name, tensor))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.Name)}' twice."
                );
            }
        }

        foreach (var spec in plan.Parameters())
        {
            if (!left.Remove(spec.Name, out var tensor))
            {
                throw new InputException(
                    $"'{path}' lacks tensor '{spec.Name}' of shape [{string.Join(", ", spec.Shape)}], which a {plan.Config.Family} model of {plan.Layers.Count} layers with the plan '{plan.Name}' needs."
                );
            }

            if (!tensor.Shape.SequenceEqual(spec.Shape))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.StoredName)}' of shape [{string.Join(", ", tensor.Shape)}], but its configuration asks for [{string.Join(", ", spec.Shape)}]."
                );
            }
        }

        foreach (var tensor in left.Values)
        {
            if (!mayIgnore(tensor.Name))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.StoredName)}', which is no part of a {plan.Config.Family} model as its configuration describes it."
                );
            }
        }
    }
}
