namespace Puna.Engine.Plan;

/// <summary>Keys and values of every token, in the pages of a bank: the branch fills it or reads what another filled.</summary>
/// <param name="Bank">Index in <see cref="LayerPlan.Banks"/>.</param>
/// <param name="Window">Most recent tokens that the branch sees; 0 = all.</param>
internal sealed record PagedKvState(int Bank, int Window) : StateSpec;
