package dev.flover.engine.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// The oracle for [Sampler], written as in textbooks: in double, with lists and sorting.
final class PlainSampler {
    private PlainSampler() {}

    /// The distribution from which the next token is drawn; if greedy, its whole mass is on one token.
    static double[] distribution(
            float[] logits, SamplingParams params, int[] prompt, int[] answer, int[] ending) {
        double[] changed = penalised(logits, params, prompt, answer, ending);
        if (params.temperature() == 0) {
            var greedy = new double[logits.length];
            greedy[argmax(changed)] = 1;
            return greedy;
        }
        double leastLogit = changed[argmax(changed)] - params.topNSigma() * deviation(changed);
        boolean[] near = new boolean[changed.length];
        for (int i = 0; i < changed.length; i++) {
            near[i] = changed[i] >= leastLogit;
            changed[i] /= params.temperature();
        }
        double[] p = softmax(changed);
        if (params.topK() > 0) {
            keep(p, byProbability(p).subList(0, Math.min(params.topK(), p.length)));
        }
        if (params.topP() < 1) {
            keep(p, prefix(byProbability(p), p, params.topP()));
        }
        if (params.minP() > 0) {
            double least = params.minP() * p[argmax(p)];
            keep(p, byProbability(p).stream().filter(id -> p[id] >= least).toList());
        }
        if (params.topNSigma() > 0) {
            keep(p, byProbability(p).stream().filter(id -> near[id]).toList());
        }
        if (params.typicalP() < 1) {
            double entropy = 0;
            for (double x : p) {
                entropy -= x == 0 ? 0 : x * Math.log(x);
            }
            double expected = entropy;
            var order = new ArrayList<>(byProbability(p).stream().filter(id -> p[id] > 0).toList());
            order.sort(Comparator.<Integer>comparingDouble(id -> Math.abs(-Math.log(p[id]) - expected))
                    .thenComparing(Comparator.naturalOrder()));
            keep(p, prefix(order, p, params.typicalP()));
        }
        return p;
    }

    private static double[] penalised(
            float[] logits, SamplingParams params, int[] prompt, int[] answer, int[] ending) {
        var changed = new double[logits.length];
        for (int id = 0; id < logits.length; id++) {
            double logit = logits[id];
            for (int i = 0; i < params.logitBias().tokens().length; i++) {
                logit += params.logitBias().tokens()[i] == id ? params.logitBias().values()[i] : 0;
            }
            boolean allowed = params.allowedOnly().isEmpty() || params.allowedOnly().contains(id);
            if (!allowed || answer.length < params.minTokens() && count(ending, id) > 0) {
                logit = Double.NEGATIVE_INFINITY;
            }
            if (count(prompt, id) + count(answer, id) > 0) {
                logit = logit > 0 ? logit / params.repetitionPenalty() : logit * params.repetitionPenalty();
            }
            if (count(answer, id) > 0) {
                logit -= params.presencePenalty() + count(answer, id) * params.frequencyPenalty();
            }
            changed[id] = logit;
        }
        return changed;
    }

    private static double deviation(double[] logits) {
        double[] finite = Arrays.stream(logits).filter(Double::isFinite).toArray();
        double mean = Arrays.stream(finite).average().orElseThrow();
        return Math.sqrt(Arrays.stream(finite).map(logit -> (logit - mean) * (logit - mean)).average().orElseThrow());
    }

    static double[] softmax(double[] logits) {
        double greatest = logits[argmax(logits)];
        var p = new double[logits.length];
        double total = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(logits[i] - greatest);
            total += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= total;
        }
        return p;
    }

    private static List<Integer> byProbability(double[] p) {
        var ids = new ArrayList<Integer>();
        for (int i = 0; i < p.length; i++) {
            ids.add(i);
        }
        ids.sort(Comparator.<Integer>comparingDouble(id -> -p[id]).thenComparing(Comparator.naturalOrder()));
        return ids;
    }

    private static List<Integer> prefix(List<Integer> order, double[] p, double wanted) {
        double reached = 0;
        int count = 0;
        while (count < order.size() && reached < wanted) {
            reached += p[order.get(count++)];
        }
        return order.subList(0, count);
    }

    private static void keep(double[] p, List<Integer> kept) {
        double total = kept.stream().mapToDouble(id -> p[id]).sum();
        for (int id = 0; id < p.length; id++) {
            p[id] = kept.contains(id) ? p[id] / total : 0;
        }
    }

    private static int argmax(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    private static int count(int[] ids, int id) {
        int count = 0;
        for (int each : ids) {
            count += each == id ? 1 : 0;
        }
        return count;
    }
}
