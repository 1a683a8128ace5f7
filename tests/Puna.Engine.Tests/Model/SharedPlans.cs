using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The plans of data/shared-kv: which models there are and which layer reads whose keys and values.</summary>
internal static class SharedPlans
{
    private const string Absent = "absent";

    /// <summary>Model and plan of every case; one row that skips where the data is absent.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var (model, plan) in Names.DefaultIfEmpty((Absent, Absent)))
            {
                cases.Add(model, plan);
            }

            return cases;
        }
    }

    /// <summary>Model and plan of every case, none where the data is absent.</summary>
    public static IReadOnlyList<(string Model, string Plan)> Names
    {
        get
        {
            var names = new List<(string Model, string Plan)>();
            foreach (var model in ReferenceCases.FolderNames("shared-kv", "expected.json"))
            {
                using var document = ReferenceCases.Json("shared-kv", model, "expected.json");
                foreach (var plan in document.RootElement.GetProperty("plans").EnumerateObject())
                {
                    names.Add((model, plan.Name));
                }
            }

            return names;
        }
    }

    /// <summary>Skips the row that stands for absent data.</summary>
    public static void SkipWhenAbsent(string model) =>
        Assert.SkipWhen(model == Absent, "../shared/data/shared-kv is absent");

    /// <summary>The producer of each layer and the expected NLL of a plan.</summary>
    public static (int[] Producers, double Nll) Read(string model, string planName)
    {
        using var document = ReferenceCases.Json("shared-kv", model, "expected.json");
        var plan = document.RootElement.GetProperty("plans").GetProperty(planName);
        return (
            [.. plan.GetProperty("bank_of_layer").EnumerateArray().Select(id => id.GetInt32())],
            plan.GetProperty("nll").GetDouble()
        );
    }
}
